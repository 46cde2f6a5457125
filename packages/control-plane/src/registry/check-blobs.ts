import { ClusterError, phrase } from '@cluster-ai/contracts';
import type { BlobStore } from '../stores/blob-store.ts';
import type { BlobRow } from '../stores/tables.ts';

const repair = phrase('put_the_file_back');

/** Why the bytes of a blob cannot be used, judged by what the file system says; `undefined` when all is well. */
export async function findProblem(
  row: BlobRow,
  blobs: Pick<BlobStore, 'pathOf' | 'sizeOf' | 'identityNow'>,
): Promise<ClusterError | undefined> {
  const missing = (path: string) => new ClusterError('blob_not_found', phrase('file_is_gone', { path }), { hint: repair });
  const changed = (path: string) => new ClusterError('digest_mismatch', phrase('file_has_changed', { path }), { hint: repair });
  if (row.location === 'store') {
    const sizeBytes = await blobs.sizeOf(row.digest);
    if (sizeBytes === undefined) return missing(blobs.pathOf(row.digest));
    return sizeBytes === row.size_bytes && row.damaged_at === null ? undefined : changed(blobs.pathOf(row.digest));
  }
  const identity = await blobs.identityNow(row.path);
  if (identity === undefined) return missing(row.path);
  return identity === row.identity ? undefined : changed(row.path);
}
