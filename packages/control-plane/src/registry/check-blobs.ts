import { ClusterError } from '@cluster-ai/contracts';
import type { BlobStore } from '../stores/blob-store.ts';
import type { BlobRow } from '../stores/tables.ts';

const repair = 'Put the file back, or import it again with `cluster-ai models add NAME --file PATH`.';

/** Why the bytes of a blob cannot be used, judged by what the file system says; `undefined` when all is well. */
export async function findProblem(
  row: BlobRow,
  blobs: Pick<BlobStore, 'pathOf' | 'sizeOf' | 'identityNow'>,
): Promise<ClusterError | undefined> {
  const missing = (path: string) => new ClusterError('blob_not_found', `The file ${path} is gone.`, { hint: repair });
  const changed = (path: string) =>
    new ClusterError('digest_mismatch', `The file ${path} has changed since it was imported.`, { hint: repair });
  if (row.location === 'store') {
    const sizeBytes = await blobs.sizeOf(row.digest);
    if (sizeBytes === undefined) return missing(blobs.pathOf(row.digest));
    return sizeBytes === row.size_bytes ? undefined : changed(blobs.pathOf(row.digest));
  }
  const identity = await blobs.identityNow(row.path);
  if (identity === undefined) return missing(row.path);
  return identity === row.identity ? undefined : changed(row.path);
}
