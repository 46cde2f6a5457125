import { join } from 'node:path';
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
import { makeHostCredential } from './access/host-credential.ts';
import { openApiKeys } from './access/keys/api-keys.ts';
import { createOidc } from './access/oidc/oidc.ts';
import { openPeople } from './access/people/open-people.ts';
import { createPrivacy } from './access/privacy/privacy.ts';
import { openQuotas } from './access/quotas/open-quotas.ts';
import { permissionsWithoutCredential } from './access/roles.ts';
import { takeGivenKeys } from './access/secrets/master-key.ts';
import { createNamedSecrets, type NamedSecrets } from './access/secrets/named-secrets.ts';
import { openSecrets } from './access/secrets/secrets.ts';
import { locateAssets } from './assets.ts';
import { adoptLocalChats, createChatStore } from './chats/chat-store.ts';
import { createChats } from './chats/chats.ts';
import { composeDoors, type DoorParts } from './compose-doors.ts';
import { type EffectiveConfig, loadConfig } from './configuration/load-config.ts';
import type { NativeDependencies } from './doors/native/native-door.ts';
import { createGateway } from './gateway/create-gateway.ts';
import { isLoopback } from './listeners/allowed-hosts.ts';
import { type MayLeaveLoopback, openListener } from './listeners/open-listener.ts';
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
import { createComposer } from './registry/imports/compose-model.ts';
import { openImports } from './registry/imports/imports.ts';
import { createKeptBlobs } from './registry/imports/kept-blobs.ts';
import { openRegistry } from './registry/open-registry.ts';
import { createPresets } from './registry/presets/presets.ts';
import { registerStarter } from './registry/register-starter.ts';
import { createSoftwarePackage } from './software-package.ts';
import { openBlobStore } from './stores/fs/open-blob-store.ts';
import { openDatabase } from './stores/open-database.ts';

/** The header of a weights file, whatever its format. */
const inspectModel = (path: string) => (path.endsWith('.fake.json') ? inspectFakeModel(path) : inspectGguf(path));

interface ListenerParts extends DoorParts {
  readonly mayLeaveLoopback: MayLeaveLoopback;
}

/** Opens one listener where the configuration wants it. */
async function open(parts: ListenerParts, kind: 'main' | 'ollama', whenTaken: 'fail' | 'move', folder: DataFolder, clock: Clock) {
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

/** Opens the main listener, which must open, and Ollama's port, which may stay closed with a notice. */
async function openListeners(parts: ListenerParts, { config, isNamed }: EffectiveConfig, folder: DataFolder, clock: Clock) {
  const { ollama: ollamaWish } = config.listeners;
  const main = await open(parts, 'main', isNamed.main ? 'fail' : 'move', folder, clock);
  const apps = [main.app];
  const listeners: Listener[] = [main.listener];
  const address = toAddress(ollamaWish.host, ollamaWish.port);
  if (!ollamaWish.enabled) listeners.push({ name: 'ollama', address, condition: toCondition('stopped', 'turned_off', clock.now()) });
  else {
    try {
      const ollama = await open(parts, 'ollama', 'fail', folder, clock);
      apps.push(ollama.app);
      listeners.push(ollama.listener);
    } catch (error) {
      if (!isClusterError(error) || error.code !== 'port_taken' || isNamed.ollama) {
        await main.app.close();
        throw error;
      }
      const hint = phrase('port_left_to_ollama');
      listeners.push({ name: 'ollama', address, condition: toCondition('stopped', 'port_taken', clock.now(), { hint }) });
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
  const folder = locateDataFolder(start.dataFolder, {});
  makeDataFolder(folder);
  const effective = await loadConfig(folder.config, start);
  const { config } = effective;
  const log = await openLogger({ process: 'control-plane', level: config.logs.level, file: join(folder.logs, 'control-plane.log') });
  const assets = locateAssets();

  await using stored = await openDatabase({ url: config.database, folder, log });
  const { retentionDays, checkpoints } = config.access.audit;
  const outgoing = await openOutgoingClient(config.outgoing);
  // each change of a secret is an act, so they are opened after the record
  const later: { readSecret: NamedSecrets['get'] } = {
    readSecret: async () => {
      throw new Error('The secrets are not open yet.');
    },
  };
  await using audit = await openAudit({
    database: stored,
    folder,
    clock,
    log,
    retentionDays,
    ...(checkpoints.file === '' ? {} : { checkpointFile: checkpoints.file }),
    copies: nameCopies(checkpoints, { outgoing, readSecret: (name) => later.readSecret(name), clock }),
  });
  const database = withAudit(stored, audit);
  const acts = createActs({ audit, log, clock });
  const secrets = await openSecrets({ database, keyStore: stored, secretsFolder: folder.secrets, given, clock, log });
  const events = createEventBus({ firstId: startedAtMs });
  const blobs = await openBlobStore({ folder: config.blobs.path === '' ? folder.blobs : config.blobs.path });
  const registry = await openRegistry({ database, blobs, events, clock, log, inspect: inspectModel });
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
      locateBlob: registry.locateBlob,
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
  const { main, ollama } = config.listeners;
  const isOnThisMachineOnly = isLoopback(main.host) && (!ollama.enabled || isLoopback(ollama.host));
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
  const admission = createAdmission({
    keys,
    sessions: lookup,
    host: makeHostCredential(folder),
    local,
  });
  const mayLeaveLoopback: MayLeaveLoopback = () => ({
    allowed: keys.hasAny() || people.count() > 0,
    reason: 'nobody has a login or a key yet, so nobody could use it.',
    hint: 'Start it on 127.0.0.1 first; make the first admin there, or a key: cluster-ai keys create NAME --role admin.',
  });
  const namedSecrets = createNamedSecrets({ database, secrets, clock });
  later.readSecret = namedSecrets.get;
  const oidc =
    config.access.oidc &&
    createOidc({ config: config.access.oidc, outgoing, readSecret: namedSecrets.get, external: access.external, clock, log });
  const importsFolder = join(config.blobs.path === '' ? folder.blobs : config.blobs.path, 'imports');
  const imports = await openImports({
    database,
    registry,
    blobs,
    folder: importsFolder,
    outgoing,
    config,
    readSecret: namedSecrets.get,
    nodes: () => nodes.list().map(({ name, hardware }) => ({ node: name, memoryBytes: hardware?.memoryBytes ?? 0 })),
    inspect: inspectModel,
    acts,
    events,
    clock,
    log,
  });
  const kept = createKeptBlobs({ registry, folder: importsFolder, mostBytes: config.imports.maxGiB * 1024 ** 3 });
  const presets = createPresets({ registry, log });
  const compose = createComposer({ registry, blobs, kept, inspect: inspectModel });
  const reconciler = createReconciler({ nodes, registry, clock, log, config });
  const gateway = createGateway({ nodes, registry, reconciler, config, clock, log, metrics, quotas, presets });
  const load = createLoadRecorder({ gateway, clock });
  const chatStore = createChatStore(database, clock.now);
  const chats = createChats({ store: chatStore, gateway, events, clock, log });
  await chats.recover();

  const { chatsDays } = config.privacy;
  const privacy = createPrivacy({ database, access, keys, chats: chatStore, audit, chatsDays, clock, log });

  const opened: { listeners: readonly Listener[] } = { listeners: [] };
  const native: NativeDependencies = {
    nodes,
    registry,
    imports,
    gateway,
    chats,
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
    ...(oidc === undefined ? {} : { oidc }),
    backups: {
      create: async (request, stop) => {
        const { createBackup } = await import('./backups/create-backup.ts'); // seldom needed, so loaded when it is
        return createBackup({ database, blobs, folder, secrets, clock, log, ...request }, stop);
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
      changes: { catalog: registry.catalog, presets, kept, compose },
      metrics,
      assets,
      config,
      log,
      shown,
      mayLeaveLoopback,
    },
    effective,
    folder,
    clock,
  );
  opened.listeners = [
    ...listening.listeners,
    { name: 'link', address: nodes.address(), condition: toCondition('ready', 'serving', clock.now()) },
  ];

  const loops = Promise.all([
    shown.run(signal),
    audit.run(signal),
    secrets.run(signal),
    privacy.run(signal),
    reconciler.run(signal),
    imports.run(signal),
    publishChanges({ gateway, events, clock }, signal),
    keys.run(signal),
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
