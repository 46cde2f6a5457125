import type { Hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ClusterError } from '@cluster-ai/contracts';
import { type Clock, failpoint } from '@cluster-ai/runtime';
import type { BlobStore } from '../../stores/blob-store.ts';
import type { Database } from '../../stores/database.ts';
import { digestFile } from '../../stores/fs/digest-file.ts';
import { toFolderError } from '../../stores/fs/file-errors.ts';
import type { UploadRow } from '../../stores/tables.ts';
import { writeLease } from '../garbage/leases.ts';
import { inStore, recordBlob, settleBlobs, toBlobRow } from '../record-blob.ts';

/** An upload of which all bytes have arrived, or so it says. */
interface Arrived {
  readonly row: UploadRow;
  readonly path: string;
  readonly receivedBytes: number;
  /** Of all bytes; absent after a restart. */
  readonly hash: Hash | undefined;
}

const never = new AbortController().signal;

/** Throws `invalid_request` while bytes are missing that were announced. */
export function checkWhole({ row, receivedBytes }: Arrived): void {
  if (row.size_bytes === null || row.size_bytes === receivedBytes) return;
  throw new ClusterError('invalid_request', `Only ${receivedBytes} of the ${row.size_bytes} bytes that were announced have arrived.`, {
    hint: 'Send the rest first.',
    details: { offset: receivedBytes },
  });
}

/** Once it resolves, a power cut forgets none of the bytes. */
export async function syncFile(path: string): Promise<void> {
  try {
    await using handle = await open(path, 'a', 0o600); // an upload of nothing has no file yet
    failpoint('upload.before_sync');
    await handle.sync();
    failpoint('upload.after_sync');
  } catch (error) {
    throw toFolderError(error, dirname(path));
  }
}

/** As it was counted while the bytes came; after a restart the file is read once more, in a thread. */
export async function findDigest({ hash, path }: Arrived): Promise<string> {
  if (hash) return `sha256:${hash.copy().digest('hex')}`;
  return (await digestFile(path, { signal: never })).digest;
}

/** Places the bytes and writes the blob's row, a lease for the owner and the end of the upload in one transaction. */
export async function commitUpload(
  { row, path, receivedBytes, digest, leaseUntil }: Arrived & { readonly digest: string; readonly leaseUntil: number },
  { database, blobs, clock }: { readonly database: Database; readonly blobs: BlobStore; readonly clock: Pick<Clock, 'now'> },
): Promise<void> {
  await using staged = await blobs.adopt(path, digest, receivedBytes);
  try {
    await staged.send(never);
    await database.transaction(async (transaction) => {
      await recordBlob(transaction, { row: toBlobRow(digest, receivedBytes, inStore, clock.now()), place: staged.place }, blobs);
      failpoint('commit.before_rows');
      await writeLease(transaction, digest, row.owner, leaseUntil);
      await transaction.deleteFrom('uploads').where('id', '=', row.id).execute();
    });
    failpoint('commit.after_rows');
  } finally {
    await settleBlobs(database, blobs, [digest]);
  }
}
