import { statfs } from 'node:fs/promises';
import { ClusterError, phrase } from '@cluster-ai/contracts';

/** Left for everything else that writes to the disk. */
const RESERVE_BYTES = 64 * 1024 * 1024;

export async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Before anything is fetched. Throws `disk_full`. */
export async function checkFreeSpace(folder: string, neededBytes: number): Promise<void> {
  const freeBytes = await freeBytesOf(folder);
  if (neededBytes + RESERVE_BYTES <= freeBytes) return;
  throw new ClusterError('disk_full', phrase('import_does_not_fit', { needed: neededBytes, free: freeBytes, folder }), {
    hint: phrase('free_space_and_again'),
    details: { neededBytes, freeBytes },
  });
}
