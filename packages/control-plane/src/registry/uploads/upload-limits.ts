import { statfs } from 'node:fs/promises';
import { ClusterError, type Config, phrase } from '@cluster-ai/contracts';

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
  new ClusterError('quota_exceeded', phrase('uploads_too_many', { count }), {
    hint: phrase('upload_finish_or_cancel'),
  });

export const tooManyBytes = (bytes: number) =>
  new ClusterError('quota_exceeded', phrase('uploads_too_large', { gib: Math.floor(bytes / GIB) }), {
    hint: phrase('upload_finish_or_cancel'),
  });

/** Throws `disk_full` when so many bytes more do not fit on the disk of the folder. */
export async function checkFreeDisk(folder: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  if (neededBytes <= freeBytes) return;
  throw new ClusterError('disk_full', phrase('disk_has_no_room', { needed: neededBytes, folder, free: freeBytes }), {
    hint: phrase('free_space_upload_again'),
    details: { neededBytes, freeBytes },
  });
}
