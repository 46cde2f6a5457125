import { Readable } from 'node:stream';
import {
  ClusterError,
  type Condition,
  type InferenceUsage,
  inferenceHeaders,
  type Node,
  type ReasonCode,
  type ReplicaReport,
  type ReplicaSpec,
  type State,
  toCondition,
  toWireError,
} from '@cluster-ai/contracts';
import { type Clock, newId } from '@cluster-ai/runtime';
import type { LinkRequest, LinkResponse, Nodes } from '../../nodes/nodes.ts';

/** What an engine of a memory node says: bytes as they come, then what they cost. A body that throws breaks the stream. */
export interface ScriptedAnswer {
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  readonly usage?: InferenceUsage;
}

/** Throw a ClusterError to refuse: `node_unreachable` and `node_lost` break the link, every other code is the agent's answer. */
export type AnswerScript = (request: LinkRequest, replica: ReplicaReport) => ScriptedAnswer | Promise<ScriptedAnswer>;

/** What becomes of an order to start: a condition at once, or `undefined` to stay `starting` until `report` says more. */
export type LoadScript = (spec: ReplicaSpec) => Condition | undefined | Promise<Condition | undefined>;

export interface MemoryNode {
  readonly id: string;
  /** All orders to start that it took. */
  readonly started: ReplicaSpec[];
  /** Ids of replicas that it was told to stop. */
  readonly stopped: string[];
  readonly requests: LinkRequest[];
  onLoad: LoadScript;
  onRequest: AnswerScript;
  setState(state: State, reason: ReasonCode): void;
  setMemory(availableBytes: number): void;
  /** Changes or adds what the node reports of a replica. */
  report(replica: Partial<ReplicaReport> & { readonly replicaId: string }): void;
  replicas(): readonly ReplicaReport[];
}

export interface MemoryNodeOptions {
  readonly id: string;
  readonly memoryBytes?: number;
  readonly isLocal?: boolean;
  readonly state?: State;
  readonly replicas?: readonly (Partial<ReplicaReport> & { readonly replicaId: string })[];
}

const GIB = 1024 ** 3;
export const someUsage: InferenceUsage = {
  promptTokens: 10,
  cachedTokens: 0,
  completionTokens: 20,
  queueMs: 0,
  promptMs: 10,
  generationMs: 200,
  firstTokenMs: 10,
  finishReason: 'stop',
};

const emptyReport: Omit<ReplicaReport, 'replicaId' | 'condition'> = {
  fence: 1,
  model: 'starter',
  digest: 'sha256:starter',
  engine: 'fake',
  progress: null,
  capabilities: ['chat'],
  contextSize: 4096,
  parallel: 4,
  threads: 1,
  busySlots: 0,
  queued: 0,
  memoryBytes: 0,
  tokensPerSecond: 0,
  loadMs: 5,
  embeddingLength: null,
};

const text = (value: string) => new TextEncoder().encode(value);
const sayHello: AnswerScript = () => ({ body: [text('hello')], usage: someUsage });

function refuse(error: ClusterError): LinkResponse {
  const body = Readable.from([Buffer.from(JSON.stringify({ error: toWireError(error) }))]);
  return { status: error.status, headers: { 'content-type': 'application/json' }, body, trailers: Promise.resolve({}) };
}

function toResponse({ body, usage, headers = {}, contentType = 'application/json' }: ScriptedAnswer, signal: AbortSignal): LinkResponse {
  const stream = Readable.from(body, { objectMode: true });
  stream.on('error', () => {});
  signal.addEventListener('abort', () => stream.destroy(new ClusterError('node_lost', 'The stream was reset.')), { once: true });
  const trailers = new Promise<Readonly<Record<string, string>>>((resolve) => {
    stream.once('end', () => resolve(usage ? { [inferenceHeaders.usage]: JSON.stringify(usage) } : {}));
    stream.once('close', () => resolve({}));
  });
  return { status: 200, headers: { 'content-type': contentType, ...headers }, body: stream, trailers };
}

/** Nodes without machines: the port as it is promised, scripted per node. For tests and simulations. */
export function createMemoryNodes({ clock }: { readonly clock: Clock }) {
  const machines = new Map<string, { node: Node; readonly script: MemoryNode }>();
  const listeners = new Set<() => void>();
  const changed = () => {
    for (const listener of listeners) listener();
  };
  const now = () => new Date(clock.now()).toISOString();

  function get(id: string) {
    const machine = machines.get(id);
    if (!machine) throw new ClusterError('node_not_found', `There is no node ${id}.`);
    return machine;
  }
  function update(id: string, change: (node: Node) => Partial<Node>): void {
    const machine = machines.get(id);
    if (!machine) return;
    machine.node = { ...machine.node, ...change(machine.node) };
    changed();
  }
  function setReplica(id: string, replica: ReplicaReport): void {
    update(id, ({ replicas }) => ({ replicas: [...replicas.filter((other) => other.replicaId !== replica.replicaId), replica] }));
  }
  function reachable(id: string): MemoryNode {
    const { node, script } = get(id);
    if (node.condition.state === 'unreachable' || node.condition.state === 'stopped')
      throw new ClusterError('node_unreachable', `Node ${node.name} is unreachable.`);
    return script;
  }
  const toReport = (replica: Partial<ReplicaReport> & { readonly replicaId: string }): ReplicaReport => ({
    ...emptyReport,
    condition: toCondition('ready', 'serving', clock.now()),
    ...replica,
  });

  function add({ id, memoryBytes = 8 * GIB, isLocal = false, state = 'ready', replicas = [] }: MemoryNodeOptions): MemoryNode {
    const script: MemoryNode = {
      id,
      started: [],
      stopped: [],
      requests: [],
      onLoad: () => toCondition('ready', 'serving', clock.now()),
      onRequest: sayHello,
      setState: (next, reason) => update(id, () => ({ condition: toCondition(next, reason, clock.now()) })),
      setMemory: (availableBytes) =>
        update(id, ({ metrics }) => ({ metrics: metrics && { ...metrics, memoryAvailableBytes: availableBytes }, metricsAt: now() })),
      report: (replica) => {
        const known = get(id).node.replicas.find(({ replicaId }) => replicaId === replica.replicaId);
        setReplica(id, known ? { ...known, ...replica } : toReport(replica));
      },
      replicas: () => get(id).node.replicas,
    };
    const node: Node = {
      id,
      name: id,
      condition: toCondition(state, state === 'ready' ? 'serving' : 'connecting', clock.now()),
      isLocal,
      address: '127.0.0.1:1',
      agentVersion: '0.0.0',
      joinedAt: now(),
      lastSeenAt: now(),
      roundTripMs: 1,
      hardware: {
        hostname: id,
        platform: 'linux',
        arch: 'x64',
        osName: 'Test',
        cpuModel: 'Test',
        cpuCores: 4,
        memoryBytes,
        gpus: [],
        diskTotalBytes: GIB,
      },
      metrics: {
        cpuUtilization: 0,
        memoryUsedBytes: 0,
        memoryAvailableBytes: memoryBytes,
        diskFreeBytes: GIB,
        gpus: [],
        agentMemoryBytes: 0,
        tokensPerSecond: 0,
      },
      metricsAt: now(),
      replicas: replicas.map(toReport),
      weights: null,
      certificateExpiresAt: null,
    };
    machines.set(id, { node, script });
    changed();
    return script;
  }

  async function load(id: string, script: MemoryNode, spec: ReplicaSpec): Promise<void> {
    const condition = await script.onLoad(spec);
    const isStillWanted = get(id).node.replicas.some(({ replicaId }) => replicaId === spec.replicaId);
    if (condition && isStillWanted) script.report({ replicaId: spec.replicaId, condition });
  }

  async function request(nodeId: string, linkRequest: LinkRequest): Promise<LinkResponse> {
    const script = reachable(nodeId);
    script.requests.push(linkRequest);
    const replicaId = decodeURIComponent(linkRequest.path.split('/')[2] ?? '');
    const replica = script.replicas().find((candidate) => candidate.replicaId === replicaId);
    if (!replica) return refuse(new ClusterError('node_lost', 'The node knows no such replica.'));
    try {
      return toResponse(await script.onRequest(linkRequest, replica), linkRequest.signal);
    } catch (error) {
      if (!(error instanceof ClusterError) || error.code === 'node_lost' || error.code === 'node_unreachable') throw error;
      return refuse(error);
    }
  }

  const nodes: Nodes = {
    list: () => [...machines.values()].map(({ node }) => node),
    get: (id) => get(id).node,
    invite: async () => {
      throw new ClusterError('unsupported_feature', 'Memory nodes invite nobody.');
    },
    approve: async (id) => get(id).node,
    remove: async (id) => {
      get(id);
      machines.delete(id);
      changed();
    },
    request,
    nameReplica: () => newId('replica', clock.now()),
    putReplica: async (nodeId, spec) => {
      const script = reachable(nodeId);
      script.started.push(spec);
      const { replicaId, fence, model, engine } = spec;
      const condition = toCondition('starting', 'engine_starting', clock.now());
      const report = toReport({ replicaId, fence, model, engine, digest: spec.file.digest, condition });
      setReplica(nodeId, report);
      void load(nodeId, script, spec);
      return report;
    },
    deleteReplica: async (nodeId, replicaId) => {
      const script = reachable(nodeId);
      script.stopped.push(replicaId);
      const last = script.replicas().find((replica) => replica.replicaId === replicaId);
      update(nodeId, ({ replicas }) => ({ replicas: replicas.filter((replica) => replica.replicaId !== replicaId) }));
      return last;
    },
    found: async () => [],
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  return { nodes, add };
}
