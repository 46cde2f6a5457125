import { z } from 'zod';
import { workerReportShape } from './compute.ts';
import { hardwareFactsShape, nodeMetricsShape, weightsReportShape } from './nodes.ts';
import { replicaReportShape } from './replicas.ts';

/**
 * The agent's API: HTTP/2 on the link, where the agent is the server and the control plane is the client.
 * Bodies are JSON unless said otherwise; errors are `{ error: WireError }` with the code's status.
 *
 * | request | meaning |
 * | --- | --- |
 * | `POST /heartbeat?sequence=N&sentAtMs=T` | `HeartbeatRequest` in the query (headers overtake bodies) → `HeartbeatAnswer`; once a second. Each side counts the other lost after its deadline. |
 * | `GET /reports` | a long answer of newline-delimited `AgentReport`; the first line is a `snapshot`. |
 * | `PUT /replicas/{id}` | `ReplicaSpec` → 202 and its `ReplicaReport`; starts it, or changes nothing if it runs under this fence. 409 `stale_order` for an older fence. |
 * | `DELETE /replicas/{id}?fence=N` | stops it; 200 with its last `ReplicaReport`, 404 when unknown. |
 * | `POST /replicas/{id}/v1/{chat/completions,completions,embeddings}` | one inference request, see inference.ts. Closing the stream cancels the work. |
 * | `PUT /compute/worker` | `WorkerSpec` → 202 and its `WorkerReport`; starts the Dask worker of this node, or changes nothing if it runs under this fence. 409 `stale_order` for an older fence. |
 * | `DELETE /compute/worker?fence=N` | retires it: it hands its data over, then ends; 200 with its last `WorkerReport`. |
 * | `POST /compute/probe` | `ProbeRequest` → `ProbeAnswer`: whether this node reaches a place. |
 * | `POST /compute/listen` | `{ host, port }`: listens there for ten seconds and answers whoever dials, so that the way to a worker can be tried before there is one; answers `{ host, port }`, the port that it picked for 0. |
 * | `GET /found` | `{ files: FoundFile[] }`: weights that lie on this machine already. |
 * | `POST /stop` | the agent ends: its node was removed. |
 */
export const agentPaths = {
  heartbeat: '/heartbeat',
  reports: '/reports',
  found: '/found',
  stop: '/stop',
  worker: '/compute/worker',
  probe: '/compute/probe',
  probeListener: '/compute/listen',
  replica: (replicaId: string) => `/replicas/${encodeURIComponent(replicaId)}`,
  inference: (replicaId: string, path: string) => `/replicas/${encodeURIComponent(replicaId)}${path}`,
} as const;

/** The three protocols of the link port, told apart by ALPN. */
export const alpn = { join: 'cai-join', link: 'cai-link', blob: 'cai-blob' } as const;

/** Beats go out every `beatEveryMs`; a node is `degraded` after `lateAfterMs` of silence and `unreachable` after `lostAfterMs`. */
export const heartbeat = { beatEveryMs: 1000, lateAfterMs: 3000, lostAfterMs: 5000 } as const;

export const heartbeatRequestShape = z.object({ sequence: z.int(), sentAtMs: z.number() });
export type HeartbeatRequest = z.infer<typeof heartbeatRequestShape>;
/** `incarnation` is new each time the agent process starts. */
export const heartbeatAnswerShape = z.object({ sequence: z.int(), incarnation: z.string().max(80) });
export type HeartbeatAnswer = z.infer<typeof heartbeatAnswerShape>;

export const agentReportShape = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('snapshot'),
    agentVersion: z.string(),
    incarnation: z.string(),
    hardware: hardwareFactsShape,
    metrics: nodeMetricsShape,
    replicas: z.array(replicaReportShape),
    weights: weightsReportShape.optional(),
    worker: workerReportShape.optional(),
  }),
  z.object({ type: z.literal('metrics'), metrics: nodeMetricsShape }),
  z.object({ type: z.literal('weights'), weights: weightsReportShape }),
  z.object({ type: z.literal('replica'), replica: replicaReportShape }),
  z.object({ type: z.literal('worker'), worker: workerReportShape }),
  z.object({ type: z.literal('replica-gone'), replicaId: z.string() }),
  /** The agent is about to stop, on purpose. */
  z.object({ type: z.literal('goodbye') }),
]);
export type AgentReport = z.infer<typeof agentReportShape>;

/** One body on `cai-join`: `POST /join`. The agent has checked the CA's fingerprint before it sends this. */
export const joinRequestShape = z.object({
  token: z.string().max(512),
  /** PEM; names in it are ignored. */
  certificateRequest: z.string().max(8192),
  name: z.string().max(120),
  agentVersion: z.string().max(40),
});
export type JoinRequest = z.infer<typeof joinRequestShape>;
export const joinAnswerShape = z.object({
  nodeId: z.string(),
  clusterName: z.string(),
  certificate: z.string(),
  certificateAuthority: z.string(),
});
export type JoinAnswer = z.infer<typeof joinAnswerShape>;

/** `POST /renew` on `cai-blob` (mutual TLS, the agent is the client): a fresh certificate for the same node. */
export const renewRequestShape = z.object({ certificateRequest: z.string().max(8192) });
export const renewAnswerShape = z.object({ certificate: z.string(), certificateAuthority: z.string() });
