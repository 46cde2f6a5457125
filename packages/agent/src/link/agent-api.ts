import {
  agentPaths,
  ClusterError,
  heartbeatRequestShape,
  type InferencePath,
  inferencePaths,
  replicaSpecShape,
} from '@cluster-ai/contracts';
import { answerJson, type Exchange, readJson } from '@cluster-ai/runtime';
import { answerCompute } from '../dask/compute-api.ts';
import type { Weights } from '../weights/weights.ts';
import { createInferenceProxy } from './proxy-inference.ts';
import { type ReportSources, sendReports } from './send-reports.ts';

const foundWithinMs = 10_000;

export interface AgentApiDeps extends ReportSources {
  readonly weights: Weights;
  /** The node was removed from its cluster. */
  readonly onStop: () => void;
  /** Aborts when the agent ends: reports then say goodbye. */
  readonly signal: AbortSignal;
}

export interface AgentApi extends Disposable {
  handle(exchange: Exchange, onBeat: () => void): void | Promise<void>;
}

const replicaPath = /^\/replicas\/([\w%.-]{1,200})(\/v1\/[a-z/]+)?$/;
const isInferencePath = (path: string): path is InferencePath => (inferencePaths as readonly string[]).includes(path);

function readFence(query: URLSearchParams): number {
  const text = query.get('fence') ?? '';
  if (!/^\d{1,15}$/.test(text)) throw new ClusterError('invalid_request', 'An order needs its fence.', { param: 'fence' });
  return Number(text);
}

/** What the control plane can ask of this node: the table in contracts' agent-api.ts. */
export function createAgentApi(deps: AgentApiDeps): AgentApi {
  const { replicas, weights, compute, incarnation, onStop, signal } = deps;
  const proxy = createInferenceProxy();

  const beat = ({ stream, query }: Exchange, onBeat: () => void) => {
    const numberOf = (name: string) => Number(query.get(name) ?? Number.NaN);
    const beat = heartbeatRequestShape.safeParse({ sequence: numberOf('sequence'), sentAtMs: numberOf('sentAtMs') });
    if (!beat.success) throw new ClusterError('invalid_request', 'A heartbeat has a sequence and a time.');
    onBeat();
    const { sequence } = beat.data;
    answerJson(stream, 200, { sequence, incarnation });
  };
  const found = async ({ stream }: Exchange) => {
    const files = await weights.found(AbortSignal.any([signal, AbortSignal.timeout(foundWithinMs)]));
    answerJson(stream, 200, { files });
  };
  const putReplica = async ({ stream }: Exchange, replicaId: string) => {
    const spec = replicaSpecShape.safeParse(await readJson(stream, 1024 * 1024));
    if (!spec.success || spec.data.replicaId !== replicaId)
      throw new ClusterError('invalid_request', 'The order for the replica is not valid.');
    void weights.limit(spec.data.cacheBytes ?? null);
    answerJson(stream, 202, replicas.put(spec.data));
  };
  const deleteReplica = async ({ stream, query }: Exchange, replicaId: string) => {
    const report = await replicas.delete(replicaId, readFence(query));
    if (report) answerJson(stream, 200, report);
    else answerJson(stream, 404, { error: { code: 'file_not_found', message: `This node has no replica ${replicaId}.` } });
  };
  const stop = ({ stream }: Exchange) => {
    answerJson(stream, 200, {});
    onStop();
  };

  return {
    handle(exchange, onBeat) {
      const { method, path, stream, headers } = exchange;
      const [, encodedId, rest] = replicaPath.exec(path) ?? [];
      if (encodedId !== undefined) {
        const replicaId = decodeURIComponent(encodedId);
        if (rest === undefined && method === 'PUT') return putReplica(exchange, replicaId);
        if (rest === undefined && method === 'DELETE') return deleteReplica(exchange, replicaId);
        if (rest !== undefined && isInferencePath(rest) && method === 'POST')
          return proxy.forward(stream, headers, rest, replicas.endpoint(replicaId));
      }
      if (method === 'POST' && path === agentPaths.heartbeat) return beat(exchange, onBeat);
      if (method === 'GET' && path === agentPaths.reports) return sendReports(stream, deps, signal);
      if (method === 'GET' && path === agentPaths.found) return found(exchange);
      if (method === 'POST' && path === agentPaths.stop) return stop(exchange);
      const computing = compute && answerCompute(exchange, compute, () => readFence(exchange.query));
      if (computing) return computing;
      throw new ClusterError('unknown_route', `The agent has no route ${method} ${path.slice(0, 200)}.`);
    },
    [Symbol.dispose]: () => proxy[Symbol.dispose](),
  };
}
