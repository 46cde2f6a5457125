import {
  type AgentMessage,
  type AgentStart,
  ClusterError,
  type ControlPlaneMessage,
  type ControlPlaneStart,
  fromWireError,
} from '@cluster-ai/contracts';
import { type Child, type Clock, keepRunning, type Logger, START_VARIABLE, startChild } from '@cluster-ai/runtime';
import type { Holder } from './control-socket.ts';
import type { ProcessFiles } from './process-files.ts';

export type ControlPlaneReady = Extract<ControlPlaneMessage, { type: 'ready' }>;
type ControlPlaneOptions = Omit<ControlPlaneStart, 'dataFolder' | 'version'>;

// a process that ends this often before it was ever ready will not get ready by trying again
const STARTS_BEFORE_GIVING_UP = 3;
// the agent gets this long to say goodbye over the link before the other end of the link stops as well
const GOODBYE_MS = 1500;
const REMEMBERED_LINES = 20;

export interface SuperviseDeps {
  readonly files: ProcessFiles;
  readonly dataFolder: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of the children: only what Node itself needs. */
  readonly environment: Readonly<Record<string, string>>;
  /** Told about every process that was started. */
  readonly onStarted: (name: string, pid: number) => void;
}

interface Role {
  readonly name: 'control-plane' | 'agent';
  readonly script: string;
  /** What this one gets and the others do not. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Asked anew for each start. */
  readonly argument: () => ControlPlaneStart | AgentStart;
  readonly onMessage: (message: unknown) => void;
  readonly onExit: (attempt: number, lastLines: readonly string[]) => void;
}

interface Kept {
  /** Ends this run of the process; it is started again. */
  restart(): void;
  /** Ends it for good. */
  stop(): Promise<void>;
}

/** Keeps one of our processes running. */
function keep({ name, script, environment, argument, onMessage, onExit }: Role, deps: SuperviseDeps): Kept {
  const stopping = new AbortController();
  const lines: string[] = [];
  let child: Child | undefined;
  const onErrorLine = (line: string) => {
    lines.push(line);
    if (lines.length > REMEMBERED_LINES) lines.shift();
    deps.log.warn({ name, line }, 'A process of ours wrote to its standard error');
  };
  const start = () => {
    child = startChild({
      script,
      environment: { ...deps.environment, ...environment, [START_VARIABLE]: JSON.stringify(argument()) },
      onErrorLine,
      onMessage,
    });
    deps.onStarted(name, child.pid);
    return child;
  };
  const { clock, log } = deps;
  const ended = keepRunning({ name, start, clock, log, onExit: (_exit, attempt) => onExit(attempt, lines) }, stopping.signal);
  return {
    restart: () => void child?.stop(),
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

/** What an agent's supervisor knows about it. */
type AgentState = Holder['agent'];

const startingAgent: AgentState = { state: 'starting', message: 'The agent is starting.', nodeId: null, name: null };

function toAgentState(before: AgentState, message: AgentMessage): AgentState {
  switch (message.type) {
    case 'connected':
      return { state: 'connected', message: 'Connected to the cluster.', nodeId: message.nodeId, name: message.name };
    case 'disconnected':
      return { ...before, state: 'disconnected', message: message.message };
    case 'failed':
      return { ...before, state: 'failed', message: message.error.message };
  }
}

export interface SupervisedAgent extends AsyncDisposable {
  state(): AgentState;
  /** Makes it start again, with what `argument` says then. */
  restart(): void;
  stop(): Promise<void>;
}

export interface SuperviseAgentDeps extends SuperviseDeps {
  readonly argument: () => Omit<AgentStart, 'dataFolder' | 'version'>;
  readonly onChange: (state: AgentState) => void;
  /** It cannot work as it was told: a used token, another cluster. */
  readonly onFailed: (error: ClusterError) => void;
}

/** Keeps an agent running. */
export function superviseAgent(deps: SuperviseAgentDeps): SupervisedAgent {
  let state = startingAgent;
  const onMessage = (raw: unknown) => {
    const message = raw as AgentMessage;
    state = toAgentState(state, message);
    deps.onChange(state);
    if (message.type === 'failed') deps.onFailed(fromWireError(message.error, 'internal', 'The agent could not start.'));
  };
  const onExit = (attempt: number, lines: readonly string[]) => {
    const isHopeless = attempt + 1 >= STARTS_BEFORE_GIVING_UP && state.nodeId === null && state.state !== 'failed';
    state = { ...state, state: state.state === 'failed' ? 'failed' : 'starting', message: 'The agent ended and is started again.' };
    deps.onChange(state);
    if (isHopeless) deps.onFailed(toStartError('agent', lines));
  };
  const argument = () => ({ dataFolder: deps.dataFolder, version: deps.version, ...deps.argument() });
  const kept = keep({ name: 'agent', script: deps.files.agent, argument, onMessage, onExit }, deps);
  return { state: () => state, restart: kept.restart, stop: kept.stop, [Symbol.asyncDispose]: kept.stop };
}

function toStartError(name: string, lines: readonly string[]): ClusterError {
  return new ClusterError('internal', `The ${name} ended ${STARTS_BEFORE_GIVING_UP} times before it was ready.`, {
    hint: `Its last words: ${lines.slice(-3).join(' | ') || 'none'}. More: cluster-ai logs`,
    details: { lines: [...lines] },
  });
}

export interface SuperviseClusterDeps extends SuperviseDeps {
  /** Of the control plane alone: where its master key comes from. */
  readonly keyEnvironment: Readonly<Record<string, string>>;
  readonly options: ControlPlaneOptions;
  /** Each time the control plane is ready: at first, and after it was started again. */
  readonly onReady: (ready: ControlPlaneReady) => void;
  readonly onAgentChange: (state: AgentState) => void;
  readonly onAgentFailed: (error: ClusterError) => void;
  /** The control plane cannot start as it was told. */
  readonly onFailed: (error: ClusterError) => void;
}

export interface SupervisedCluster extends AsyncDisposable {
  agent(): AgentState;
  url(): string | null;
}

const portOf = (address: string | undefined) => Number(address?.split(':').at(-1));

/** Ports that were free ones at the first start stay what they were when the control plane is started again: clients know them. */
function keptPorts(ready: ControlPlaneReady, options: ControlPlaneOptions): Partial<ControlPlaneOptions> {
  const find = (wanted: string) => ready.listeners.find(({ name, condition }) => name === wanted && condition.state !== 'stopped');
  const [ollama, registry] = [find('ollama'), find('registry')];
  return {
    ...(options.port === 0 ? { port: portOf(ready.url) } : {}),
    ...(options.linkPort === 0 ? { linkPort: portOf(ready.linkAddress) } : {}),
    ...(options.ollamaPort === 0 && ollama ? { ollamaPort: portOf(ollama.address) } : {}),
    ...(options.registryPort === 0 && registry ? { registryPort: portOf(registry.address) } : {}),
  };
}

/** Keeps the control plane and the agent of its machine running until disposed. */
export function superviseCluster(deps: SuperviseClusterDeps): SupervisedCluster {
  let ready: ControlPlaneReady | undefined;
  let agent: SupervisedAgent | undefined;
  let isStopping = false;

  const agentArgument = () => ({
    isLocal: true,
    ...(ready === undefined ? {} : { linkAddress: ready.localJoin?.address ?? ready.linkAddress }),
    ...(ready?.localJoin === undefined ? {} : { token: ready.localJoin.token }),
    ...(deps.options.logLevel === undefined ? {} : { logLevel: deps.options.logLevel }),
  });

  function onReady(message: ControlPlaneReady): void {
    if (isStopping) return; // it became ready just when it was told to end: nothing may be started for it
    const isMoved = ready !== undefined && ready.linkAddress !== message.linkAddress;
    ready = message;
    agent ??= superviseAgent({ ...deps, argument: agentArgument, onChange: deps.onAgentChange, onFailed: deps.onAgentFailed });
    if (isMoved) agent.restart();
    deps.onReady(message);
  }

  const onMessage = (raw: unknown) => {
    const message = raw as ControlPlaneMessage;
    if (message.type === 'ready') onReady(message);
    else deps.onFailed(fromWireError(message.error, 'internal', 'The control plane could not start.'));
  };
  const onExit = (attempt: number, lines: readonly string[]) => {
    if (ready === undefined && attempt + 1 >= STARTS_BEFORE_GIVING_UP) deps.onFailed(toStartError('control plane', lines));
  };
  const argument = () => ({
    dataFolder: deps.dataFolder,
    version: deps.version,
    ...deps.options,
    ...(ready === undefined ? {} : keptPorts(ready, deps.options)),
  });
  const { keyEnvironment: environment } = deps;
  const controlPlane = keep({ name: 'control-plane', script: deps.files.controlPlane, environment, argument, onMessage, onExit }, deps);

  async function stop(): Promise<void> {
    isStopping = true;
    const agentEnded = agent?.stop() ?? Promise.resolve();
    const patience = new AbortController();
    await Promise.race([agentEnded, deps.clock.sleep(GOODBYE_MS, patience.signal).catch(() => {})]);
    patience.abort();
    await Promise.all([agentEnded, controlPlane.stop()]);
  }
  return { agent: () => agent?.state() ?? startingAgent, url: () => ready?.url ?? null, [Symbol.asyncDispose]: stop };
}
