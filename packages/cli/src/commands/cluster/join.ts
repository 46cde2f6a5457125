import { existsSync } from 'node:fs';
import { ClusterError } from '@cluster-ai/contracts';
import { aborted, makeDataFolder, openLogger, systemClock } from '@cluster-ai/runtime';
import { z } from 'zod';
import { childEnvironment } from '../../local/child-environment.ts';
import { controlSocketPath, type Holder, openControlSocket } from '../../local/control-socket.ts';
import { createProcessRecords, endStragglers } from '../../local/process-records.ts';
import { type SupervisedAgent, superviseAgent } from '../../local/supervise.ts';
import { fill, text } from '../../output/language.ts';
import { type Context, defineVerb, flag } from '../../verb.ts';
import { installJoinService, serviceReportShape } from './service.ts';

const joinReportShape = z.object({ nodeId: z.string(), name: z.string(), dataFolder: z.string(), pid: z.int(), version: z.string() });
type JoinReport = z.infer<typeof joinReportShape>;

const texts = {
  folder: text(
    'Data folder  {folder} (identity, weights, logs; nothing is written elsewhere)',
    'Pasta de dados  {folder} (identidade, pesos, registros; nada é gravado fora dela)',
  ),
  joining: text('Connecting to {address} …', 'Conectando a {address} …'),
  stored: text('Connecting with the identity that this folder holds …', 'Conectando com a identidade que esta pasta guarda …'),
  joined: text('This machine is "{name}" in the cluster ({nodeId}).', 'Esta máquina é "{name}" no cluster ({nodeId}).'),
  lost: text('Disconnected: {message} Trying again …', 'Desconectado: {message} Tentando de novo …'),
  back: text('Connected again.', 'Conectado de novo.'),
  stopHint: text(
    'It works until Ctrl-C. To have it come back after a reboot: {program} join --service',
    'Ela trabalha até o Ctrl-C. Para voltar depois de reiniciar: {program} join --service',
  ),
};

interface Wish {
  readonly address: string | undefined;
  readonly token?: string | undefined;
  readonly name?: string | undefined;
  readonly logLevel?: string | undefined;
}

function checkFolder({ folder }: Context): void {
  if (!existsSync(folder.database)) return;
  throw new ClusterError('conflict', `The folder ${folder.root} belongs to a cluster's own control plane.`, {
    hint: 'Give the node a folder of its own: cluster-ai join … --data-dir ~/.cluster-ai-node',
  });
}

function checkAddress(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  const bare = address.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  if (/^(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$/.test(bare)) return bare;
  throw new ClusterError('invalid_request', `"${address}" is not host:port.`, {
    hint: 'Copy the line that "cluster-ai nodes invite" printed.',
    param: 'address',
  });
}

/** Says when the connection goes and comes back; the first time is announced by whoever waits for it. */
function createTeller({ terminal }: Context) {
  let before: Holder['agent']['state'] = 'starting';
  let wasConnected = false;
  return ({ state, message }: Holder['agent']) => {
    if (state === 'disconnected' && before === 'connected') terminal.progress(fill(terminal.say(texts.lost), { message }));
    if (state === 'connected' && wasConnected && before !== 'connected') terminal.progress(terminal.say(texts.back));
    wasConnected ||= state === 'connected';
    before = state;
  };
}

interface Joined {
  readonly connected: Promise<JoinReport>;
  readonly failed: Promise<never>;
  readonly agent: SupervisedAgent;
}

async function startAgent(context: Context, wish: Wish): Promise<Joined> {
  const { folder, version } = context;
  const connected = Promise.withResolvers<JoinReport>();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {}); // somebody may wait for it only later
  const tell = createTeller(context);
  const records = createProcessRecords(folder);
  const agent = superviseAgent({
    files: context.processFiles,
    dataFolder: folder.root,
    version,
    clock: systemClock,
    log: await openLogger({ process: 'join', file: `${folder.logs}/join.log` }),
    environment: childEnvironment(context.environment),
    onStarted: (name, pid) => void records.add(name, pid),
    argument: () => ({
      ...(wish.address === undefined ? {} : { linkAddress: wish.address }),
      ...(wish.token === undefined ? {} : { token: wish.token }),
      ...(wish.name === undefined ? {} : { name: wish.name }),
      ...(wish.logLevel === undefined ? {} : { logLevel: wish.logLevel }),
    }),
    onChange(state) {
      tell(state);
      const { nodeId, name } = state;
      if (state.state === 'connected' && nodeId !== null)
        connected.resolve({ nodeId, name: name ?? '', dataFolder: folder.root, pid: process.pid, version });
    },
    onFailed: failed.reject,
  });
  return { connected: connected.promise, failed: failed.promise, agent };
}

/** What came of it: joined, or `undefined` when it was stopped before. Throws why it could not join, or that it took too long. */
async function waitForConnection(
  { agent, connected, failed }: Joined,
  timeoutSeconds: number,
  stopped: Promise<undefined>,
): Promise<JoinReport | undefined> {
  const patience = new AbortController();
  const tooLate = systemClock.sleep(timeoutSeconds * 1000, patience.signal).then(() => {
    const { state, message } = agent.state();
    throw new ClusterError('node_unreachable', `This machine did not connect within ${timeoutSeconds} s (${state}): ${message}`, {
      hint: 'Check the address and the network, then run the same command again.',
    });
  });
  tooLate.catch(() => {}); // given up below
  try {
    return await Promise.race([connected, failed, stopped, tooLate]);
  } finally {
    patience.abort();
  }
}

function announce({ terminal, isJson, program }: Context, report: JoinReport): void {
  if (isJson) {
    terminal.data(JSON.stringify(report));
    return;
  }
  terminal.data(fill(terminal.say(texts.joined), report));
  terminal.data(fill(terminal.say(texts.stopHint), { program }));
}

type WhileJoined = (report: JoinReport, gone: Promise<undefined>) => Promise<void>;

/** Holds the folder and runs its agent for as long as `whileJoined` takes. `gone` settles when the agent was stopped or refused. */
async function runAgent(context: Context, wish: Wish, timeout: number, whileJoined: WhileJoined): Promise<void> {
  const { folder, terminal, version, signal } = context;
  const startedAt = new Date().toISOString();
  const stopped = Promise.withResolvers<undefined>();
  void aborted(signal).then(() => stopped.resolve(undefined));
  let joined: Joined | undefined;
  const agentState = () => joined?.agent.state() ?? { state: 'starting' as const, message: '', nodeId: null, name: null };
  makeDataFolder(folder);
  await using _lock = await openControlSocket({
    path: controlSocketPath(folder),
    onStop: () => stopped.resolve(undefined),
    describe: () => ({ pid: process.pid, role: 'join', version, startedAt, url: null, agent: agentState() }),
  });
  terminal.progress(fill(terminal.say(texts.folder), { folder: folder.root }));
  await endStragglers(folder, systemClock);
  terminal.progress(wish.address === undefined ? terminal.say(texts.stored) : fill(terminal.say(texts.joining), { address: wish.address }));
  joined = await startAgent(context, wish);
  await using _agent = joined.agent;
  const report = await waitForConnection(joined, timeout, stopped.promise);
  if (report !== undefined) await whileJoined(report, Promise.race([stopped.promise, joined.failed]));
}

async function stay(context: Context, wish: Wish, timeout: number): Promise<undefined> {
  await runAgent(context, wish, timeout, async (report, gone) => {
    announce(context, report);
    await gone;
  });
}

/** Joins first, so that what cannot work is said now and not in a log at the next boot. */
async function joinAndInstall(context: Context, wish: Wish, timeout: number) {
  await runAgent(context, wish, timeout, async () => {});
  return installJoinService(context);
}

export const join = defineVerb({
  path: 'join',
  summary: text('Make this machine part of a cluster', 'Faz desta máquina parte de um cluster'),
  examples: [
    'cluster-ai join 192.168.0.10:7443 --token TOKEN',
    'cluster-ai join 192.168.0.10:7443 --token TOKEN --name laptop --service',
    'cluster-ai join',
  ],
  positionals: [
    {
      name: '[address]',
      description: text(
        'host:port that "nodes invite" printed; the stored one when left out',
        'host:porta que "nodes invite" mostrou; sem ele vale o que foi guardado',
      ),
    },
  ],
  flags: {
    token: flag(
      '--token <token>',
      z.string().min(1).optional(),
      text('The one-use token that "nodes invite" printed', 'O token de uso único que "nodes invite" mostrou'),
    ),
    name: flag(
      '--name <name>',
      z.string().min(1).max(120).optional(),
      text('A name for this machine; its host name when left out', 'Um nome para esta máquina; sem ele vale o nome do host'),
    ),
    logLevel: flag(
      '--log-level <level>',
      z.enum(['trace', 'debug', 'info', 'warn', 'error']).optional(),
      text('How much is written to the logs', 'Quanto se grava nos registros'),
    ),
    service: flag(
      '--service',
      z.boolean().default(false),
      text(
        'Join, then install a systemd user unit that brings the node back at boot',
        'Entra e instala uma unidade systemd do usuário que traz o nó de volta no boot',
      ),
    ),
    timeout: flag(
      '--timeout <seconds>',
      z.coerce.number().positive().default(60),
      text('How long to wait for the connection', 'Quanto esperar pela conexão'),
    ),
  },
  output: z.union([joinReportShape, serviceReportShape]),
  async run(context, [address], { service, timeout, ...wishes }) {
    checkFolder(context);
    const wish = { address: checkAddress(address), ...wishes };
    return service ? joinAndInstall(context, wish, timeout) : stay(context, wish, timeout);
  },
  print: ({ terminal }, value) => {
    if ('unit' in value) for (const line of value.notes) terminal.data(line);
  },
});
