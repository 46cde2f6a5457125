import type { ProbeAnswer, probeRequestShape, WorkerReport, WorkerSpec } from '@cluster-ai/contracts';
import type { z } from 'zod';

/** The part of a node in the Dask cluster: one worker at most, and what is tried before there is one. */
export interface Compute extends AsyncDisposable {
  /** `undefined` while no worker was ordered here. */
  report(): WorkerReport | undefined;
  onChange(listener: () => void): () => void;
  /** Starts the worker, or changes nothing when it runs under this fence. Throws `stale_order` for an older one. */
  putWorker(spec: WorkerSpec): Promise<WorkerReport>;
  /** It hands its data over and ends. `undefined` when there is none. Throws `stale_order`. */
  retireWorker(fence: number): Promise<WorkerReport | undefined>;
  /** Whether a place takes connections from this machine. */
  probe(request: z.infer<typeof probeRequestShape>): Promise<ProbeAnswer>;
  /** Listens there for ten seconds and answers whoever dials. Throws `port_taken` or `listen_refused`. */
  listen(place: ListenPlace): Promise<ListenPlace>;
}

export interface ListenPlace {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
}
