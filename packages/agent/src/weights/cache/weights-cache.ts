import type { WeightsReport } from '@cluster-ai/contracts';

/** The bytes that this node fetched, by digest, never more than its limit. Files that are used in place are not in it. */
export interface WeightsCache {
  /** Where the bytes of a digest lie, or will. Throws `invalid_request` for what is no digest. */
  pathOf(digest: string): string;
  /** What is held is not evicted. Take it before looking whether the file is there. */
  hold(digest: string): Disposable;
  /** Resolves when a removal of this digest that has begun is over. */
  settled(digest: string): Promise<void>;
  /** A replica uses these bytes now; `isHit`: they did not have to be fetched. */
  use(digest: string, sizeBytes: number, isHit: boolean): Promise<void>;
  /** Reserves room for a whole file, evicting others for it. Throws `disk_full` and says whether the limit or the disk is in the way. */
  makeRoom(digest: string, sizeBytes: number): Promise<void>;
  /** The fetch is over, well or badly: what lies in the folder counts now. */
  settle(digest: string): void;
  /** Removes a damaged file; what has come of a fetch stays. */
  drop(digest: string): Promise<void>;
  /** Of the configuration; `null`: a share of the disk. Evicts what is beyond it and not held. */
  limit(bytes: number | null): Promise<void>;
  /** Whole files, those first that were fetched first. */
  list(): readonly { readonly digest: string; readonly sizeBytes: number; readonly isHeld: boolean }[];
  report(): WeightsReport;
}
