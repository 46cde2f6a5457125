import { join } from 'node:path';
import {
  ClusterError,
  type ControlPlaneMessage,
  type ControlPlaneStart,
  isClusterError,
  type Listener,
  phrase,
  toCondition,
} from '@cluster-ai/contracts';
import { inspectFakeModel, inspectGguf } from '@cluster-ai/formats';
import { aborted, type Clock, type DataFolder, locateDataFolder, makeDataFolder, openLogger, systemClock } from '@cluster-ai/runtime';
import type { FastifyInstance } from 'fastify';
import { toAccessState } from './access/access-state.ts';
import { createAdmission } from './access/admission.ts';
import { describeAct } from './access/audit/act.ts';
import { createActs } from './access/audit/acts.ts';
import { openAudit } from './access/audit/open-audit.ts';
import { createSyslogCopy } from './access/audit/syslog.ts';
import { withAudit } from './access/audit/with-audit.ts';
import { makeHostCredential } from './access/host-credential.ts';
import { openApiKeys } from './access/keys/api-keys.ts';
import { openPeople } from './access/people/open-people.ts';
import type { SecretBox } from './access/people/secret-box.ts';
import { openQuotas } from './access/quotas/open-quotas.ts';
import { permissionsWithoutCredential } from './access/roles.ts';
import { locateAssets } from './assets.ts';
import { adoptLocalChats, createChatStore } from './chats/chat-store.ts';
import { createChats } from './chats/chats.ts';
import { composeDoors, type DoorParts } from './compose-doors.ts';
import { type EffectiveConfig, loadConfig } from './configuration/load-config.ts';
import type { NativeDependencies } from './doors/native/native-door.ts';
import { createGateway } from './gateway/create-gateway.ts';
import { openListener } from './listeners/open-listener.ts';
import { createNodeRecords } from './nodes/node-records.ts';
import { openNodes } from './nodes/open-nodes.ts';
import { createEventBus } from './observability/event-bus.ts';
import { createLoadRecorder } from './observability/load-recorder.ts';
import { openMetrics } from './observability/metrics.ts';
import { publishChanges } from './observability/publish-changes.ts';
import { createReconciler } from './reconciler/create-reconciler.ts';
import { openRegistry } from './registry/open-registry.ts';
import { registerStarter } from './registry/register-starter.ts';
import { createSoftwarePackage } from './software-package.ts';
import { openBlobStore } from './stores/fs/open-blob-store.ts';
import { openDatabase } from './stores/open-database.ts';

/** Nothing is sealed yet: what needs it says so. */
const nothingSealed = async (): Promise<never> => {
  throw new ClusterError('unsupported_feature', 'This cluster cannot keep secrets yet.');
};
const noSecrets: SecretBox = { seal: nothingSealed, open: nothingSealed };

/** The header of a weights file, whatever its format. */
const inspectModel = (path: string) => (path.endsWith('.fake.json') ? inspectFakeModel(path) : inspectGguf(path));

/** Opens the main listener, which must open, and Ollama's port, which may stay closed with a notice. */
async function openListeners(parts: DoorParts, { config, isNamed }: EffectiveConfig, folder: DataFolder, clock: Clock) {
  const { main: mainWish, ollama: ollamaWish } = config.listeners;
  const apps = [(await composeDoors(parts, 'main')).app];
  const [main] = apps as [FastifyInstance];
  const port = await openListener(main, { name: 'main', ...mainWish, whenTaken: isNamed.main ? 'fail' : 'move' }, folder);
  const listeners: Listener[] = [
    { name: 'main', address: `${mainWish.host}:${port}`, condition: toCondition('ready', 'serving', clock.now()) },
  ];
  const address = `${ollamaWish.host}:${ollamaWish.port}`;
  if (!ollamaWish.enabled) listeners.push({ name: 'ollama', address, condition: toCondition('stopped', 'turned_off', clock.now()) });
  else {
    const { app } = await composeDoors(parts, 'ollama');
    apps.push(app);
    try {
      const opened = await openListener(app, { name: 'ollama', ...ollamaWish, whenTaken: 'fail' }, folder);
      listeners.push({ name: 'ollama', address: `${ollamaWish.host}:${opened}`, condition: toCondition('ready', 'serving', clock.now()) });
    } catch (error) {
      if (!isClusterError(error) || error.code !== 'port_taken' || isNamed.ollama) throw error;
      const hint = phrase('port_left_to_ollama');
      listeners.push({ name: 'ollama', address, condition: toCondition('stopped', 'port_taken', clock.now(), { hint }) });
    }
  }
  return {
    url: `http://${mainWish.host}:${port}`,
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
  const folder = locateDataFolder(start.dataFolder, {});
  makeDataFolder(folder);
  const effective = await loadConfig(folder.config, start);
  const { config } = effective;
  const log = await openLogger({ process: 'control-plane', level: config.logs.level, file: join(folder.logs, 'control-plane.log') });
  const assets = locateAssets();

  await using stored = await openDatabase({ url: config.database, folder, log });
  const { retentionDays, checkpoints } = config.access.audit;
  await using audit = await openAudit({
    database: stored,
    folder,
    clock,
    log,
    retentionDays,
    ...(checkpoints.file === '' ? {} : { checkpointFile: checkpoints.file }),
    copies: checkpoints.syslog === '' ? [] : [createSyslogCopy(checkpoints.syslog, clock)],
  });
  const database = withAudit(stored, audit);
  const acts = createActs({ audit, log, clock });
  const events = createEventBus({ firstId: startedAtMs });
  const blobs = await openBlobStore({ folder: config.blobs.path === '' ? folder.blobs : config.blobs.path });
  const registry = await openRegistry({ database, blobs, events, clock, log, inspect: inspectModel });
  await registerStarter({ registry, database, folder: assets.starter, clock, log }, signal);

  await using nodes = await openNodes(
    {
      folder,
      config: { ...config.listeners.link, isPortChosen: effective.isNamed.link },
      records: createNodeRecords(database),
      audit: { acts, denied: audit.denied },
      events,
      clock,
      log,
      locateBlob: async (digest) => registry.locateBlob(digest),
      softwarePackage: createSoftwarePackage({ assets, version: start.version, folder: folder.run, log }),
      clusterName: config.cluster.name,
      version: start.version,
    },
    signal,
  );
  const metrics = openMetrics({ nodes });
  const keys = await openApiKeys({ database, clock, log });
  await using quotas = await openQuotas({ database, clock, log });
  await using access = await openPeople({
    database,
    secrets: noSecrets,
    clock,
    log,
    clusterName: config.cluster.name,
    adopt: adoptLocalChats,
    describeAct,
  });
  const { people, sessions, lookup } = access;
  const local = { permissions: () => (config.access.local ? permissionsWithoutCredential(people.count()) : undefined) };
  const admission = createAdmission({
    keys,
    sessions: lookup,
    host: makeHostCredential(folder),
    local,
  });
  const reconciler = createReconciler({ nodes, registry, clock, log, config });
  const gateway = createGateway({ nodes, registry, reconciler, config, clock, log, metrics, quotas });
  const load = createLoadRecorder({ gateway, clock });
  const chats = createChats({ store: createChatStore(database, clock.now), gateway, events, clock, log });
  await chats.recover();

  const opened: { listeners: readonly Listener[] } = { listeners: [] };
  const native: NativeDependencies = {
    nodes,
    registry,
    gateway,
    chats,
    keys,
    accessState: () => toAccessState({ isLocalOn: config.access.local, people: people.count(), permissions: local.permissions() }),
    access,
    quotas,
    acts,
    audit,
    events,
    load,
    config,
    clock,
    backups: {
      create: async (request, stop) => {
        const { createBackup } = await import('./backups/create-backup.ts'); // seldom needed, so loaded when it is
        return createBackup({ database, blobs, folder, clock, log, ...request }, stop);
      },
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
    { admission, audit: { acts, denied: audit.denied }, native, metrics, assets, config, log },
    effective,
    folder,
    clock,
  );
  opened.listeners = [
    ...listening.listeners,
    { name: 'link', address: nodes.address(), condition: toCondition('ready', 'serving', clock.now()) },
  ];

  const loops = Promise.all([
    audit.run(signal),
    reconciler.run(signal),
    publishChanges({ gateway, registry, events, clock }, signal),
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
