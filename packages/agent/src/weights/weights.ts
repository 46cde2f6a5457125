import type { Readable } from 'node:stream';
import type { FoundFile, ReplicaSpec } from '@cluster-ai/contracts';

/** GET of a blob from the control plane over `cai-blob`, from a byte on. Given by the link. */
export type FetchBlob = (
  digest: string,
  fromByte: number,
  signal: AbortSignal,
) => Promise<{ readonly totalBytes: number; readonly body: Readable }>;

/** Weights on this node: used in place where the control plane's file is visible here, else fetched once and kept by digest. */
export interface Weights {
  /** Resolves to a path whose bytes match the digest. Parallel calls for one digest share one fetch. Throws `digest_mismatch`, `disk_full`, `blob_not_found`. */
  ensure(
    file: ReplicaSpec['file'],
    onProgress: (step: 'fetching_weights' | 'checking_weights', progress: number) => void,
    signal: AbortSignal,
  ): Promise<string>;
  /** Looks through the known model folders of other programs. */
  found(signal: AbortSignal): Promise<readonly Omit<FoundFile, 'node' | 'nodeId' | 'registeredAs'>[]>;
}
