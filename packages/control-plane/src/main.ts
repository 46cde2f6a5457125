import { dirname, join } from 'node:path';
import {
  type ControlPlaneMessage,
  type ControlPlaneStart,
  isClusterError,
  type Listener,
  phrase,
  toCondition,
} from '@cluster-ai/contracts';
import { inspectFakeModel, inspectGguf } from '@cluster-ai/formats';
import { aborted, type Clock, type DataFolder, locateDataFolder, makeDataFolder, openLogger, systemClock } from '@cluster-ai/runtime';
import { toAccessState } from './access/access-state.ts';
import { createAdmission } from './access/admission.ts';
import { describeAct } from './access/audit/act.ts';
import { createActs } from './access/audit/acts.ts';
import { nameCopies } from './access/audit/name-copies.ts';
import { openAudit } from './access/audit/open-audit.ts';
import { withAudit } from './access/audit/with-audit.ts';
import { describeCertificates } from './access/certificates/describe-certificates.ts';
import { openListenerCertificates } from './access/certificates/open-listener-certificate.ts';
import { createGrantOwners } from './access/find-grant-owner.ts';
import { makeHostCredential } from './access/host-credential.ts';
import { openApiKeys } from './access/keys/api-keys.ts';
import { createOidc } from './access/oidc/oidc.ts';
import { createForgottenPasswords } from './access/people/forgotten-passwords.ts';
import { openPeople } from './access/people/open-people.ts';
import { createChatKeys } from './access/privacy/chat-keys.ts';
import { createPrivacy } from './access/privacy/privacy.ts';
import { createRingCopies } from './access/privacy/ring-copies.ts';
import { openQuotas } from './access/quotas/open-quotas.ts';
import { permissionsWithoutCredential } from './access/roles.ts';
import { takeGivenKeys } from './access/secrets/master-key.ts';
import { createNamedSecrets } from './access/secrets/named-secrets.ts';
import { openSecrets } from './access/secrets/secrets.ts';
import { createTaskGrants } from './access/task-grants.ts';
import { locateAssets } from './assets.ts';
import { createChatSeal } from './chats/chat-seal.ts';
import { adoptLocalChats, createChatStore } from './chats/chat-store.ts';
import { createChats } from './chats/chats.ts';
import { createStoredChatSealing } from './chats/seal-stored-chats.ts';
import { composeDoors, type DoorParts, type ListenerKind } from './compose-doors.ts';
import { openCompute } from './compute/compute.ts';
import { createComputeTasks } from './compute/tasks/compute-tasks.ts';
import { createModelFinder } from './compute/tasks/find-model.ts';
import { type EffectiveConfig, loadConfig } from './configuration/load-config.ts';
import type { NativeDependencies } from './doors/native/native-door.ts';
import { createGateway } from './gateway/create-gateway.ts';
import { readInstanceId } from './instance-id.ts';
import { isLoopback } from './listeners/allowed-hosts.ts';
import { type MayLeaveLoopback, openListener } from './listeners/open-listener.ts';
import { createLinkLetters } from './mail/link-letters.ts';
import { openPost } from './mail/open-post.ts';
import { openCertificates } from './nodes/certificates.ts';
import { toAddress } from './nodes/listening.ts';
import { createNodeRecords } from './nodes/node-records.ts';
import { openNodes } from './nodes/open-nodes.ts';
import { createEventBus } from './observability/event-bus.ts';
import { createLoadRecorder } from './observability/load-recorder.ts';
import { openMetrics } from './observability/metrics.ts';
import { publishChanges } from './observability/publish-changes.ts';
import { openOutgoingClient } from './outgoing/open-outgoing-client.ts';
import { createReconciler } from './reconciler/create-reconciler.ts';
import { createPublisher } from './registry/catalog/publish-uploads.ts';
import type { FindDeployed } from './registry/catalog/remove-versions.ts';
import { createComposer } from './registry/imports/compose-model.ts';
import { openImports } from './registry/imports/imports.ts';
import { createBlobInspection } from './registry/inspection/inspect-blob.ts';
import { createInspector } from './registry/inspection/inspector.ts';
import { openBlobParts } from './registry/open-blob-parts.ts';
import { openRegistry } from './registry/open-registry.ts';
import { createPresets } from './registry/presets/presets.ts';
import { registerStarter } from './registry/register-starter.ts';
import { createSoftwarePackage } from './software-package.ts';
import { openBlobs, takeS3Credentials } from './stores/open-blobs.ts';
import { openDatabase } from './stores/open-database.ts';

/** The header of a weights file, whatever its format. */
const inspectModel = (path: string) => (path.endsWith('.fake.json') ? inspectFakeModel(path) : inspectGguf(path));

interface ListenerParts extends DoorParts {
  readonly mayLeaveLoopback: MayLeaveLoopback;
}

/** Opens one listener where the configuration wants it. */
async function open(parts: ListenerParts, kind: ListenerKind, whenTaken: 'fail' | 'move', folder: DataFolder, clock: Clock) {
  const { config, log, mayLeaveLoopback } = parts;
  const { host, port, tls } = config.listeners[kind];
  const isPlainHttpAccepted = config.listeners.insecurePlainHttpOnNetwork;
  const { app } = await composeDoors(parts, kind);
  const wish = { name: kind, host, port, whenTaken, isEncrypted: tls !== 'off', isPlainHttpAccepted, mayLeaveLoopback };
  const opened = await openListener(app, wish, folder).catch(async (error: unknown) => {
    await app.close();
    throw error;
  });
  const isReadable = tls === 'off' && !isLoopback(host);
  if (isReadable) log.warn({ listener: kind, host }, 'A listener serves other machines without TLS');
  const condition = isReadable ? toCondition('degraded', 'plain_http', clock.now()) : toCondition('ready', 'serving', clock.now());
  const address = toAddress(host, opened);
  const url = `${tls === 'off' ? 'http' : 'https'}://${toAddress(toReachable(host), opened)}`;
  return { app, url, listener: { name: kind, address, condition } satisfies Listener };
}

/** Where a client on this machine finds a listener that is everywhere. */
const toReachable = (host: string) => ({ '0.0.0.0': '127.0.0.1', '::': '::1' })[host] ?? host;

const whyLeftAlone = { ollama: 'port_left_to_ollama', registry: 'registry_port_taken' } as const;

/** Opens the main listener, which must open, and the ports that others may have, which stay closed with a notice then. */
async function openListeners(parts: ListenerParts, { config, isNamed }: EffectiveConfig, folder: DataFolder, clock: Clock) {
  const main = await open(parts, 'main', isNamed.main ? 'fail' : 'move', folder, clock);
  const apps = [main.app];
  const listeners: Listener[] = [main.listener];
  for (const name of ['ollama', 'registry'] as const) {
    const { host, port, enabled } = config.listeners[name];
    const address = toAddress(host, port);
    if (!enabled) {
      listeners.push({ name, address, condition: toCondition('stopped', 'turned_off', clock.now()) });
      continue;
    }
    try {
      const opened = await open(parts, name, 'fail', folder, clock);
      apps.push(opened.app);
      listeners.push(opened.listener);
    } catch (error) {
      if (!isClusterError(error) || error.code !== 'port_taken' || isNamed[name]) {
        await Promise.all(apps.map((app) => app.close()));
        throw error;
      }
      const hint = phrase(whyLeftAlone[name]);
      listeners.push({ name, address, condition: toCondition('stopped', 'port_taken', clock.now(), { hint }) });
    }
  }
  return {
    url: main.url,
    listeners,
    [Symbol.asyncDispose]: async () => void (await Promise.all(apps.map((app) => app.close()))),
  };
}

/** The composition root: builds everything, opens the listeners, says `ready`, and takes all down again when the signal aborts. */
export async function runControlPlane(
  start: ControlPlaneStart,
  tell: (message: ControlPlaneMessage) => void,
  signal: AbortSignal,
): Promise<void> {
  const clock = systemClock;
  const startedAtMs = clock.now();
  const given = takeGivenKeys(process.env);
  const givenForS3 = takeS3Credentials(process.env);
  const folder = locateDataFolder(start.dataFolder, {});
  makeDataFolder(folder);
  const effective = await loadConfig(folder.config, start);
  const { config } = effective;
  const log = await openLogger({ process: 'control-plane', level: config.logs.level, file: join(folder.logs, 'control-plane.log') });
  const assets = locateAssets();

  await using stored = await openDatabase({ url: config.database, folder, log });
  const { retentionDays, checkpoints } = config.access.audit;
  const outgoing = await openOutgoingClient(config.outgoing);
  await using audit = await openAudit({
    database: stored,
    folder,
    clock,
    log,
    retentionDays,
    ...(checkpoints.file === '' ? {} : { checkpointFile: checkpoints.file }),
  });
  const database = withAudit(stored, audit);
  const acts = createActs({ audit, log, clock });
  const secrets = await openSecrets({ database, keyStore: stored, secretsFolder: folder.secrets, given, clock, log });
  const namedSecrets = createNamedSecrets({ database, secrets, clock });
  audit.copyTo(nameCopies(checkpoints, { outgoing, readSecret: namedSecrets.get, clock }));
  const events = createEventBus({ firstId: startedAtMs });
  const blobs = await openBlobs({ config: config.blobs, folder, given: givenForS3, readSecret: namedSecrets.get });
  const { parallel, timeoutSeconds, memoryMiB } = config.registry.inspection;
  const inspector = createInspector({ clock, log }, { parallel, timeoutMs: timeoutSeconds * 1000, memoryBytes: memoryMiB * 1024 ** 2 });
  // what runs is known only once the machines are
  const running: { findDeployed: FindDeployed } = { findDeployed: () => undefined };
  const registry = await openRegistry({
    database,
    blobs,
    events,
    clock,
    log,
    inspect: inspectModel,
    policy: config.registry.policy,
    look: inspector.inspect,
    findDeployed: (digests) => running.findDeployed(digests),
  });
  const inspectBlob = createBlobInspection({ inspector, blobs });
  const blobParts = await openBlobParts({ database, own: stored, blobs, registry, secrets, config: config.blobs, clock, log });
  await registerStarter({ registry, database, folder: assets.starter, clock, log }, signal);

  const certificates = await openCertificates({ folder, clock });
  const shown = await openListenerCertificates({ certificates, listeners: config.listeners, folder, clock, log });
  await using nodes = await openNodes(
    {
      folder,
      certificates,
      config: { ...config.listeners.link, isPortChosen: effective.isNamed.link },
      records: createNodeRecords(database),
      audit: { acts, denied: audit.denied },
      events,
      clock,
      log,
      locateBlob: async (digest) => ((await registry.locateBlob(digest)) ? blobParts.findBlob(digest) : undefined),
      softwarePackage: createSoftwarePackage({ assets, version: start.version, folder: folder.run, log }),
      clusterName: config.cluster.name,
      approval: config.nodes.approval,
      version: start.version,
    },
    signal,
  );
  const metrics = openMetrics({ nodes });
  const keys = await openApiKeys({ database, clock, log });
  await using quotas = await openQuotas({ database, clock, log });
  const { main, ollama, registry: registryPort } = config.listeners;
  const isOnThisMachineOnly = [{ ...main, enabled: true }, ollama, registryPort].every(({ enabled, host }) => !enabled || isLoopback(host));
  await using access = await openPeople({
    database,
    secrets,
    clock,
    log,
    clusterName: config.cluster.name,
    adopt: adoptLocalChats,
    describeAct,
  });
  const { people, sessions, lookup } = access;
  const local = {
    permissions: () => (config.access.local && isOnThisMachineOnly ? permissionsWithoutCredential(people.count()) : undefined),
  };
  const grants = createTaskGrants({ findOwner: createGrantOwners({ keys, directory: access.directory, sessions: lookup, local }) });
  const admission = createAdmission({
    keys,
    sessions: lookup,
    host: makeHostCredential(folder),
    grants,
    local,
  });
  const mayLeaveLoopback: MayLeaveLoopback = () => ({
    allowed: keys.hasAny() || people.count() > 0,
    reason: 'nobody has a login or a key yet, so nobody could use it.',
    hint: 'Start it on 127.0.0.1 first; make the first admin there, or a key: cluster-ai keys create NAME --role admin.',
  });
  const post = await openPost(config, { readSecret: namedSecrets.get, database, secrets, acts, clock, log });
  const letters = config.mail && createLinkLetters({ post, mail: config.mail, clusterName: config.cluster.name });
  const oidc =
    config.access.oidc &&
    createOidc({
      database: stored,
      config: config.access.oidc,
      outgoing,
      readSecret: namedSecrets.get,
      external: access.external,
      clock,
      log,
    });
  const imports = await openImports({
    database,
    registry,
    blobs,
    folder: join(dirname(blobs.uploadsFolder), 'imports'), // on this machine, also where blobs lie elsewhere
    outgoing,
    config,
    readSecret: namedSecrets.get,
    nodes: () => nodes.list().map(({ name, hardware }) => ({ node: name, memoryBytes: hardware?.memoryBytes ?? 0 })),
    inspect: inspectModel,
    look: inspector.inspect,
    findBlob: blobParts.findBlob,
    acts,
    events,
    clock,
    log,
    holder: readInstanceId(folder),
  });
  const presets = createPresets({ findBlob: blobParts.findBlob, log });
  const publisher = createPublisher({
    database,
    catalog: registry.catalog,
    findBlob: blobParts.findBlob,
    inspect: inspectBlob,
    clock,
  });
  const compose = createComposer({ registry, blobs, inspect: inspectBlob });
  const reconciler = createReconciler({ nodes, registry, clock, log, config });
  running.findDeployed = (digests) =>
    digests.map((digest) => reconciler.deployments.find(digest)?.model.reference).find((found) => found !== undefined);
  const gateway = createGateway({ nodes, registry, reconciler, config, clock, log, metrics, quotas, presets });
  const load = createLoadRecorder({ gateway, clock });
  const { chatsDays, sealChats } = config.privacy;
  const chatKeys = createChatKeys({ keyStore: stored, secrets, clock, onMade: () => keyRings.request() });
  const keyRings = createRingCopies({ database: stored, keys: chatKeys, secrets, clock, log });
  const seal = createChatSeal({ keys: chatKeys, isOn: sealChats });
  const sealing = createStoredChatSealing({ database: stored, seal, clock, log });
  const chatStore = createChatStore({ database, seal, now: clock.now });
  const chats = createChats({ store: chatStore, gateway, events, clock, log });
  await chats.recover();

  const privacy = createPrivacy({ database, access, keys, chats: chatStore, chatKeys, keyRings, audit, chatsDays, clock, log });

  const opened: { url: string; listeners: readonly Listener[] } = { url: '', listeners: [] };
  const computeTasks = createComputeTasks({
    database,
    own: stored,
    blobs,
    blobParts,
    grants,
    shareWithWorkers: nodes.shareWithWorkers,
    findModel: createModelFinder({ catalog: registry.catalog, policy: config.registry.policy }),
    findNode: (nameOrId) => nodes.list().find(({ id, name }) => id === nameOrId || name === nameOrId)?.id,
    url: () => opened.url,
    events,
    meter: metrics.tasks,
    folder,
    config: config.compute,
    clock,
    log,
  });
  const compute = await openCompute({
    database,
    folder,
    config,
    nodes,
    tasks: computeTasks.numbers,
    beside: async (dask, until) => computeTasks.run(await dask.access('bridge', until), until),
    clock,
    log,
  });
  metrics.watchCompute(compute.status);
  metrics.watchWorkers(() => new Map(compute.status().workers.map(({ node, running }) => [node, running])));
  const native: NativeDependencies = {
    nodes,
    registry,
    imports,
    catalog: registry.catalog,
    publisher,
    blobParts,
    gateway,
    chats,
    compute,
    keys,
    accessState: () => toAccessState({ isLocalOn: config.access.local, people: people.count(), permissions: local.permissions() }),
    access,
    quotas,
    acts,
    audit,
    privacy,
    events,
    load,
    config,
    clock,
    secrets,
    namedSecrets,
    sealing,
    ...(oidc === undefined ? {} : { oidc }),
    ...(letters && { mail: { letters, forgotten: createForgottenPasswords({ directory: access.directory, letters, acts, clock, log }) } }),
    backups: {
      create: async (request, stop) => {
        const { createBackup } = await import('./backups/create-backup.ts'); // seldom needed, so loaded when it is
        return createBackup({ database, blobs, folder, secrets, keyRings, clock, log, ...request }, stop);
      },
    },
    certificates: {
      list: () =>
        describeCertificates({
          clusterName: config.cluster.name,
          authority: certificates.authority,
          listeners: shown.list(),
          nodes: nodes.list(),
          nowMs: clock.now(),
        }),
      renew: shown.renew,
      authority: { certificate: certificates.authority, fingerprint: certificates.fingerprint },
    },
    activeTasks: computeTasks.active,
    findTasks: () => computeTasks.find(compute.isEnabled()),
    describe: () => ({
      name: config.cluster.name,
      version: start.version,
      startedAtMs,
      listeners: opened.listeners,
      dataFolder: folder.root,
    }),
  };
  await using listening = await openListeners(
    {
      admission,
      audit: { acts, denied: audit.denied },
      native,
      changes: { presets, compose },
      metrics,
      assets,
      config,
      log,
      shown,
      mayLeaveLoopback,
      program: start.program,
    },
    effective,
    folder,
    clock,
  );
  opened.url = listening.url;
  opened.listeners = [
    ...listening.listeners,
    { name: 'link', address: nodes.address(), condition: toCondition('ready', 'serving', clock.now()) },
  ];

  const loops = Promise.all([
    shown.run(signal),
    audit.run(signal),
    secrets.run(signal),
    blobParts.run(signal),
    privacy.run(signal),
    keyRings.run(signal),
    sealing.run(signal),
    reconciler.run(signal),
    imports.run(signal),
    registry.follow(signal),
    compute.run(signal),
    publishChanges({ gateway, events, clock }, signal),
    keys.run(signal),
    post.run(signal),
    quotas.run(signal),
    sessions.run(signal),
    load.run(signal),
  ]);
  const localJoin = await nodes.localInvitation();
  const setup = await people.openSetup();
  tell({
    type: 'ready',
    url: listening.url,
    linkAddress: nodes.address(),
    clusterName: config.cluster.name,
    listeners: opened.listeners,
    ...(localJoin === undefined ? {} : { localJoin }),
    ...(setup === undefined ? {} : { setup: { url: `${listening.url}${setup.path}`, expiresAt: setup.expiresAt } }),
  });
  log.info({ url: listening.url, tookMs: clock.now() - startedAtMs }, 'The control plane is ready');
  await aborted(signal);
  log.info({}, 'The control plane stops');
  await chats.close();
  await loops;
}
