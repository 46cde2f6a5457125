import type { Readable } from 'node:stream';
import type { FoundFile, Invitation, Node, ProbeAnswer, ReplicaReport, ReplicaSpec, WorkerReport, WorkerSpec } from '@cluster-ai/contracts';

export interface LinkRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Aborting resets the stream, which cancels the work at the other end. */
  readonly signal: AbortSignal;
}

export interface LinkResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Destroying it resets the stream. Its `error` event is owned by the link: without a listener nothing ends the process. */
  readonly body: Readable;
  /** Resolves after the body ended; empty when the stream was reset. Never rejects. */
  readonly trailers: Promise<Readonly<Record<string, string>>>;
}

/** The Dask worker of each node. What asks the node throws what `request` throws. */
export interface WorkerOrders {
  /** What the node last said of it; `undefined` while it has none. Throws `node_not_found`. */
  worker(nodeId: string): WorkerReport | undefined;
  /** Throws `stale_order` when the node has seen a newer fence. */
  orderWorker(nodeId: string, spec: WorkerSpec): Promise<WorkerReport>;
  /** Resolves when it has handed its data over and is gone; `undefined` when the node had none. Throws `stale_order`. */
  retireWorker(nodeId: string, fence: number): Promise<WorkerReport | undefined>;
  /** Whether a place can be reached from that node. */
  probe(nodeId: string, wish: { readonly host: string; readonly port: number; readonly timeoutMs: number }): Promise<ProbeAnswer>;
  /** Lets the node listen there for ten seconds; port 0 picks one. Throws `port_taken` or `listen_refused`. */
  listenForProbe(
    nodeId: string,
    place: { readonly host: string; readonly port: number },
  ): Promise<{ readonly host: string; readonly port: number }>;
  /** While it is held, every node with a worker may fetch that blob: a task needs it, and nobody knows beforehand where that will run. */
  shareWithWorkers(digest: string): Disposable;
}

/** The machines of the cluster: who joined, how they are, and how to reach them. */
export interface Nodes {
  list(): readonly Node[];
  /** Throws `node_not_found`. */
  get(id: string): Node;
  /** Makes a one-use token; opens the link port to other machines when it was on loopback. */
  invite(request: { readonly name: string; readonly ttlSeconds: number; readonly listenHost?: string }): Promise<Invitation>;
  /** Lets a node work that waited for somebody's approval; nothing changes for one that may already. Throws `node_not_found`. */
  approve(id: string): Promise<Node>;
  /** Forgets a node: its certificate is refused from now on and its agent is told to stop. Throws `node_not_found`. */
  remove(id: string): Promise<void>;
  /** One exchange over the node's link. Throws `node_unreachable` before anything was sent, also to a node that waits for approval, `node_lost` when the link broke. */
  request(nodeId: string, request: LinkRequest): Promise<LinkResponse>;
  /** A new name for a copy that is about to be ordered: from it the cluster knows the order again. */
  nameReplica(nodeId: string, digest: string): string;
  /** What the node reports of it counts from now on. */
  putReplica(nodeId: string, spec: ReplicaSpec): Promise<ReplicaReport>;
  /** `undefined` when the node knew no such replica. */
  deleteReplica(nodeId: string, replicaId: string, fence: number): Promise<ReplicaReport | undefined>;
  /** Asks every ready node for weights that lie on it; slow nodes are left out after two seconds. */
  found(): Promise<readonly Omit<FoundFile, 'registeredAs'>[]>;
  /** Called whenever a node or one of its replicas changed. Returns the way to stop listening. */
  onChange(listener: () => void): () => void;
}
