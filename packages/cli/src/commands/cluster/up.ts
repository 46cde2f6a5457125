import { createClusterClient } from '@cluster-ai/client';
import { hardwareFactsShape, isClusterError, listenerShape, type Node } from '@cluster-ai/contracts';
import { aborted, type DataFolder, makeDataFolder, openLogger, readHostCredential, systemClock } from '@cluster-ai/runtime';
import { z } from 'zod';
import { childEnvironment, keyEnvironment } from '../../local/child-environment.ts';
import { removeClusterRecord, writeClusterRecord } from '../../local/cluster-record.ts';
import { controlSocketPath, openControlSocket } from '../../local/control-socket.ts';
import { hasDesktop, openBrowser } from '../../local/open-browser.ts';
import { createProcessRecords, endStragglers } from '../../local/process-records.ts';
import { type ControlPlaneReady, type SupervisedCluster, superviseCluster } from '../../local/supervise.ts';
import { createTrustingFetch } from '../../local/trust-cluster.ts';
import { waitUntil } from '../../local/wait-until.ts';
import { explainError } from '../../output/errors.ts';
import { formatHardware } from '../../output/format.ts';
import { fill, text } from '../../output/language.ts';
import { type Context, defineVerb, flag } from '../../verb.ts';
import { waitFlags } from '../wait-flags.ts';
import { installUpService, serviceReportShape } from './service.ts';

const port = z.coerce.number().int().min(0).max(65_535).optional();

const upReportShape = z.object({
  url: z.string().describe('Base address of every door; the web UI is under /ui.'),
  linkAddress: z.string().describe('host:port where agents dial.'),
  clusterName: z.string(),
  dataFolder: z.string(),
  pid: z.int(),
  version: z.string(),
  listeners: z.array(listenerShape),
  setup: z
    .object({ url: z.string(), expiresAt: z.iso.datetime() })
    .nullable()
    .describe('The one-use link for the first admin; null once there is one.'),
  node: z
    .object({ id: z.string(), name: z.string(), hardware: hardwareFactsShape.nullable() })
    .nullable()
    .describe('The agent of this machine; null when it did not connect in time.'),
});
type UpReport = z.infer<typeof upReportShape>;

const texts = {
  folder: text(
    'Data folder  {folder} (state, models, logs; nothing is written elsewhere)',
    'Pasta de dados  {folder} (estado, modelos, registros; nada é gravado fora dela)',
  ),
  straggler: text('Left by an earlier start: {what}.', 'Sobra de uma execução anterior: {what}.'),
  hardware: text('This machine  {name}: {hardware}', 'Esta máquina  {name}: {hardware}'),
  ready: text('Cluster "{name}" is ready at {url}', 'O cluster "{name}" está pronto em {url}'),
  closed: text('{name} ({address}) stays closed: {message} {hint}', '{name} ({address}) fica fechada: {message} {hint}'),
  readable: text('Warning: {name} ({address}): {message} {hint}', 'Atenção: {name} ({address}): {message} {hint}'),
  next: text('Try next:', 'Experimente agora:'),
  chat: text('chat in the browser', 'conversar no navegador'),
  ask: text('ask on the command line', 'perguntar na linha de comando'),
  invite: text('add another machine', 'adicionar outra máquina'),
  setup: text('Make yourself the admin (one use, until {time}):', 'Torne-se o administrador (uma vez só, até {time}):'),
  stopHint: text('Ctrl-C stops everything.', 'Ctrl-C para tudo.'),
  stopping: text('Stopping …', 'Parando …'),
  agentMissing: text(
    'The agent of this machine is not connected yet: {message}',
    'O agente desta máquina ainda não se conectou: {message}',
  ),
};

interface UpOptions {
  readonly port?: number | undefined;
  readonly ollamaPort?: number | undefined;
  readonly registryPort?: number | undefined;
  readonly linkPort?: number | undefined;
  readonly logLevel?: string | undefined;
  readonly insecurePlainHttpOnNetwork: boolean;
  readonly open: boolean;
  readonly wait?: 'ready' | undefined;
  readonly timeout: number;
}

const withoutUndefined = <T extends object>(value: T) =>
  Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> };

/** Everything that `up` was told by its children, as promises and a queue of one. */
function createNews() {
  const ready = Promise.withResolvers<ControlPlaneReady>();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {}); // somebody may wait for it only later
  return { ready, failed };
}

async function writeRecord(folder: DataFolder, ready: ControlPlaneReady, version: string): Promise<void> {
  const { url, linkAddress, clusterName } = ready;
  await writeClusterRecord(folder, { pid: process.pid, url, linkAddress, clusterName, version, startedAt: new Date().toISOString() });
}

/** The node of this machine, once its hardware is known. */
async function findOwnNode(cluster: SupervisedCluster, url: string, folder: DataFolder, signal: AbortSignal): Promise<Node | undefined> {
  const { nodeId } = cluster.agent();
  if (nodeId === null) return undefined;
  const fetch = createTrustingFetch({ baseUrl: url, folder, fingerprint: undefined });
  const node = await createClusterClient({ baseUrl: url, key: readHostCredential(folder), fetch }).getNode(nodeId, { signal });
  return node.hardware === null ? undefined : node;
}

async function waitForOwnNode(context: Context, cluster: SupervisedCluster, url: string, options: UpOptions): Promise<Node | undefined> {
  const { terminal, signal } = context;
  const otherwise = {
    code: 'no_ready_node',
    message: `The agent of this machine was not ready within ${options.timeout} s.`,
    hint: 'See "cluster-ai logs agent".',
  } as const;
  const wait = { clock: systemClock, timeoutMs: options.timeout * 1000, signal, otherwise };
  try {
    return await waitUntil(() => findOwnNode(cluster, url, context.folder, signal), wait);
  } catch (error) {
    if (!isClusterError(error) || options.wait === 'ready') throw error;
    terminal.progress(fill(terminal.say(texts.agentMissing), { message: cluster.agent().message }));
    return undefined;
  }
}

function toReport(context: Context, ready: ControlPlaneReady, node: Node | undefined): UpReport {
  return {
    url: ready.url,
    linkAddress: ready.linkAddress,
    clusterName: ready.clusterName,
    dataFolder: context.folder.root,
    pid: process.pid,
    version: context.version,
    listeners: [...ready.listeners],
    setup: ready.setup ?? null,
    node: node === undefined ? null : { id: node.id, name: node.name, hardware: node.hardware },
  };
}

function printReport({ terminal, program }: Context, { url, clusterName, listeners, setup, node }: UpReport): void {
  const say = (message: Parameters<typeof terminal.say>[0], values = {}) => terminal.data(fill(terminal.say(message), values));
  if (node?.hardware) say(texts.hardware, { name: node.name, hardware: formatHardware(node.hardware) });
  for (const { name, address, condition } of listeners) {
    const news = condition.reason === 'plain_http' ? texts.readable : texts.closed;
    if (condition.state !== 'ready') say(news, { name, address, message: condition.message, hint: condition.hint });
  }
  terminal.data('');
  terminal.data(terminal.style('bold', fill(terminal.say(texts.ready), { name: clusterName, url })));
  terminal.data('');
  say(texts.next);
  const tries = [
    [`${url}/ui`, texts.chat],
    [`${program} run starter "Hello"`, texts.ask],
    [`${program} nodes invite`, texts.invite],
  ] as const;
  const width = Math.max(...tries.map(([what]) => what.length));
  for (const [what, why] of tries) terminal.data(`  ${terminal.style('cyan', what.padEnd(width))}  ${terminal.say(why)}`);
  terminal.data('');
  if (setup !== null) {
    say(texts.setup, { time: new Date(setup.expiresAt).toLocaleString(terminal.language) });
    terminal.data(`  ${terminal.style('cyan', setup.url)}`);
    terminal.data('');
  }
  say(texts.stopHint);
}

async function announce(context: Context, cluster: SupervisedCluster, ready: ControlPlaneReady, options: UpOptions): Promise<void> {
  const node = await waitForOwnNode(context, cluster, ready.url, options);
  const report = toReport(context, ready, node);
  if (context.isJson) context.terminal.data(JSON.stringify(report));
  else printReport(context, report);
  if (options.open && !context.isJson && context.terminal.isInteractive && hasDesktop(context.environment))
    await openBrowser(`${ready.url}/ui`);
}

async function runCluster(context: Context, options: UpOptions): Promise<undefined> {
  const { folder, terminal, version } = context;
  const news = createNews();
  const stop = new AbortController();
  const until = AbortSignal.any([context.signal, stop.signal]);
  const startedAt = new Date().toISOString();
  let cluster: SupervisedCluster | undefined;

  makeDataFolder(folder);
  await using _lock = await openControlSocket({
    path: controlSocketPath(folder),
    onStop: () => stop.abort(),
    describe: () => ({
      pid: process.pid,
      role: 'up',
      version,
      startedAt,
      url: cluster?.url() ?? null,
      agent: cluster?.agent() ?? { state: 'starting', message: '', nodeId: null, name: null },
    }),
  });
  terminal.progress(fill(terminal.say(texts.folder), { folder: folder.root }));
  for (const what of await endStragglers(folder, systemClock)) terminal.progress(fill(terminal.say(texts.straggler), { what }));

  const records = createProcessRecords(folder);
  const { open: _open, wait: _wait, timeout: _timeout, ...wishes } = options;
  await using running = superviseCluster({
    files: context.processFiles,
    dataFolder: folder.root,
    version,
    clock: systemClock,
    log: await openLogger({ process: 'up', file: `${folder.logs}/up.log` }),
    environment: childEnvironment(context.environment),
    keyEnvironment: keyEnvironment(context.environment),
    options: withoutUndefined(wishes),
    onStarted: (name, pid) => void records.add(name, pid),
    onReady: (ready) => void writeRecord(folder, ready, version).then(() => news.ready.resolve(ready), news.failed.reject),
    onAgentChange: () => {},
    onAgentFailed: (error) => terminal.progress(explainError(terminal, error)),
    onFailed: news.failed.reject,
  });
  cluster = running;

  const stopped = aborted(until); // maybe already: somebody may ask to stop while we are still starting
  try {
    const ready = await Promise.race([news.ready.promise, news.failed.promise, stopped]);
    if (ready) await Promise.race([announce({ ...context, signal: until }, running, ready, options), news.failed.promise, stopped]);
    await Promise.race([stopped, news.failed.promise]);
  } finally {
    if (!context.isJson) terminal.progress(terminal.say(texts.stopping));
    await running[Symbol.asyncDispose]();
    await Promise.all([removeClusterRecord(folder), records.clear()]);
  }
  return undefined;
}

export const up = defineVerb({
  path: 'up',
  summary: text(
    'Start the cluster on this machine: control plane, agent and web UI',
    'Inicia o cluster nesta máquina: plano de controle, agente e interface web',
  ),
  examples: ['cluster-ai up', 'cluster-ai up --port 4000 --data-dir ./data --no-open', 'cluster-ai up --json', 'cluster-ai up --service'],
  flags: {
    port: flag('--port <number>', port, text('Port of the main listener; 0 picks a free one', 'Porta principal; 0 escolhe uma livre')),
    ollamaPort: flag('--ollama-port <number>', port, text('Port for Ollama’s clients', 'Porta para os clientes do Ollama')),
    registryPort: flag(
      '--registry-port <number>',
      port,
      text('Port of the model registry; 0 picks a free one', 'Porta do registro de modelos; 0 escolhe uma livre'),
    ),
    linkPort: flag('--link-port <number>', port, text('Port where agents dial', 'Porta em que os agentes se conectam')),
    logLevel: flag(
      '--log-level <level>',
      z.enum(['trace', 'debug', 'info', 'warn', 'error']).optional(),
      text('How much is written to the logs', 'Quanto se grava nos registros'),
    ),
    insecurePlainHttpOnNetwork: flag(
      '--insecure-plain-http-on-network',
      z.boolean().default(false),
      text(
        'Let a listener without TLS answer other machines: everything can be read on the way',
        'Deixa um endereço sem TLS atender outras máquinas: tudo pode ser lido no caminho',
      ),
    ),
    open: flag('--no-open', z.boolean(), text('Do not open the browser', 'Não abrir o navegador')),
    service: flag(
      '--service',
      z.boolean().default(false),
      text(
        'Install a systemd user unit that starts the cluster at boot',
        'Instala uma unidade systemd do usuário que inicia o cluster no boot',
      ),
    ),
    wait: flag(
      '--wait <state>',
      waitFlags.wait.shape,
      text(
        'With "ready": give up with exit code 6 when this machine’s agent is not there in time',
        'Com "ready": desiste com o código 6 se o agente desta máquina não chegar a tempo',
      ),
    ),
    timeout: flag(
      '--timeout <seconds>',
      z.coerce.number().positive().default(30),
      text(
        'How long to wait for this machine’s agent before saying ready',
        'Quanto esperar pelo agente desta máquina antes de dizer pronto',
      ),
    ),
  },
  output: z.union([upReportShape, serviceReportShape]),
  async run(context, _positionals, { service, ...options }) {
    if (service) return installUpService(context, options);
    return runCluster(context, options);
  },
  print(context, value) {
    if ('unit' in value) for (const line of value.notes) context.terminal.data(line);
  },
});
