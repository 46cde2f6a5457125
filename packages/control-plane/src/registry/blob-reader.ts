import type { Readable } from 'node:stream';
import { ClusterError } from '@cluster-ai/contracts';
import type { BlobStore, ByteRange } from '../stores/blob-store.ts';
import type { Query } from '../stores/database.ts';
import { hexOf } from '../stores/digest-hex.ts';
import { findProblem } from './check-blobs.ts';
import { readBlob } from './record-blob.ts';

/** Bytes that can be read, wherever they lie. */
export interface ReadableBlob {
  readonly digest: string;
  readonly sizeBytes: number;
  /** Where they are a file of this machine. */
  readonly filePath: string | undefined;
  /** Throws `blob_not_found`, or the stream fails later. */
  read(range?: ByteRange): Promise<Readable>;
}

/** Throws `blob_not_found` when there is no such blob (any more), `digest_mismatch` when its bytes are damaged, `invalid_request`. */
export type FindBlob = (digest: string) => Promise<ReadableBlob>;

export function createBlobReader({
  database,
  blobs,
}: {
  readonly database: { readonly query: Query };
  readonly blobs: BlobStore;
}): FindBlob {
  return async (digest) => {
    hexOf(digest);
    const row = await readBlob(database.query, digest);
    if (!row) throw new ClusterError('blob_not_found', `There is no blob ${digest}.`);
    const problem = await findProblem(row, blobs);
    if (problem) throw problem;
    const filePath = row.location === 'store' ? blobs.filePathOf(digest) : row.path;
    return { digest, sizeBytes: row.size_bytes, filePath, read: (range) => blobs.read(digest, range) };
  };
}
