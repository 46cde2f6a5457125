import { statfs } from 'node:fs/promises';
import { ClusterError, type Config } from '@cluster-ai/contracts';

export interface UploadLimits {
  readonly openPerOwner: number;
  readonly bytesPerOwner: number;
  /** An upload that nobody appends to is removed after this. */
  readonly expiresAfterMs: number;
  /** How long a finished blob waits for the version that links it. */
  readonly leaseMs: number;
}

const HOUR_MS = 60 * 60_000;
const GIB = 1024 ** 3;

export const usualUploadLimits: UploadLimits = {
  openPerOwner: 64,
  bytesPerOwner: 2048 * GIB,
  expiresAfterMs: 24 * HOUR_MS,
  leaseMs: 24 * HOUR_MS,
};

/** What an owner of the configuration may change. */
export const toUploadLimits = ({ uploadsPerPerson, uploadsGiB }: Config['blobs']): Partial<UploadLimits> => ({
  openPerOwner: uploadsPerPerson,
  bytesPerOwner: uploadsGiB * GIB,
});

export const tooManyUploads = (count: number) =>
  new ClusterError('quota_exceeded', `You have ${count} unfinished uploads, and no more are taken.`, {
    hint: 'Finish or cancel one of them.',
  });

export const tooManyBytes = (bytes: number) =>
  new ClusterError('quota_exceeded', `Your unfinished uploads may not be larger than ${Math.floor(bytes / GIB)} GiB together.`, {
    hint: 'Finish or cancel one of them.',
  });

/** Throws `disk_full` when so many bytes more do not fit on the disk of the folder. */
export async function checkFreeDisk(folder: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  if (neededBytes <= freeBytes) return;
  throw new ClusterError('disk_full', `${neededBytes} bytes are to come, and the disk of ${folder} has ${freeBytes} left.`, {
    hint: 'Free some space on that disk, and upload again.',
    details: { neededBytes, freeBytes },
  });
}
