import type { Readable } from 'node:stream';
import type { FoundFile, ReplicaSpec, WeightsReport } from '@cluster-ai/contracts';

export interface BlobAnswer {
  readonly totalBytes: number;
  readonly body: Readable;
  /** How many bytes may be under way before we have read them: what comes in one burst. */
  readonly setWindow?: (bytes: number) => void;
}

/** GET of a blob from the control plane over `cai-blob`, from a byte on. Given by the link. */
export type FetchBlob = (digest: string, fromByte: number, signal: AbortSignal) => Promise<BlobAnswer>;

/** Weights on this node: used in place where the control plane's file is visible here, else fetched once and kept by digest. */
export interface Weights {
  /** Resolves to a path whose bytes match the digest. Parallel calls for one digest share one fetch. Throws `digest_mismatch`, `disk_full`, `blob_not_found`. */
  ensure(
    file: ReplicaSpec['file'],
    onProgress: (step: 'fetching_weights' | 'checking_weights', progress: number) => void,
    signal: AbortSignal,
  ): Promise<string>;
  /** While it is held, what was fetched of a digest is not evicted. For as long as a replica is ordered; taken before `ensure`. */
  hold(digest: string): Disposable;
  /** How much may be kept; `null`: most of the free disk. */
  limit(bytes: number | null): Promise<void>;
  /** Looks after what is kept until the signal aborts: a disk that loses bits is found out before somebody needs them. */
  keepIntact(signal: AbortSignal): Promise<void>;
  report(): WeightsReport;
  /** Looks through the known model folders of other programs. */
  found(signal: AbortSignal): Promise<readonly Omit<FoundFile, 'node' | 'nodeId' | 'registeredAs'>[]>;
}
