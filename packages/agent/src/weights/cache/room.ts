import { statfs } from 'node:fs/promises';
import { ClusterError, phrase } from '@cluster-ai/contracts';

/** Stays free for everything else that writes to this disk. */
const SPARE_BYTES = 64 * 1024 * 1024;
/** What the cache may fill of what it holds and what is free together, where nobody said a number. */
const DEFAULT_SHARE = 0.9;

export interface Room {
  readonly limitBytes: number;
  /** Free on the disk and ours to use. */
  readonly freeBytes: number;
}

/** `ordered`: what the configuration says; `null` for nothing. */
export async function measureRoom(folder: string, heldBytes: number, ordered: number | null): Promise<Room> {
  const { bavail, bsize } = await statfs(folder);
  const limitBytes = ordered ?? Math.floor((heldBytes + bavail * bsize) * DEFAULT_SHARE);
  return { limitBytes, freeBytes: Math.max(0, bavail * bsize - SPARE_BYTES) };
}

export const diskFull = (folder: string, bytes: number, cause?: unknown) =>
  new ClusterError('disk_full', phrase('no_room_for_weights', { folder, bytes }), { hint: phrase('free_space_on_node'), cause });

/** Says which of the two limits is in the way. */
export function toNoRoom(folder: string, sizeBytes: number, heldInUse: number, { limitBytes, freeBytes }: Room): ClusterError {
  if (sizeBytes + heldInUse <= limitBytes) return diskFull(folder, sizeBytes - freeBytes);
  return new ClusterError('disk_full', phrase('weights_exceed_cache', { bytes: sizeBytes, limit: limitBytes, used: heldInUse }), {
    hint: phrase('raise_cache_size'),
  });
}
