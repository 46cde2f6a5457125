import type { Clock } from '@cluster-ai/runtime';
import type { BlobStore } from '../stores/blob-store.ts';
import type { Database, Query } from '../stores/database.ts';
import type { BlobRow } from '../stores/tables.ts';

export const readBlob = (query: Query, digest: string): Promise<BlobRow | undefined> =>
  query.selectFrom('blobs').selectAll().where('digest', '=', digest).executeTakeFirst();

/** Records where bytes are; what was known about them before is replaced. */
export async function writeBlob(transaction: Query, row: BlobRow): Promise<void> {
  await transaction
    .insertInto('blobs')
    .values(row)
    .onConflict((conflict) => conflict.column('digest').doUpdateSet(row))
    .execute();
}

/** The blobs of a model, or of one of its versions. */
export async function blobsOf(query: Query, modelId: string, versionId?: string): Promise<readonly BlobRow[]> {
  return query
    .selectFrom('blobs')
    .selectAll()
    .where('digest', 'in', (files) =>
      files
        .selectFrom('files')
        .innerJoin('versions', 'versions.id', 'files.version_id')
        .select('files.digest')
        .where('versions.model_id', '=', modelId)
        .$if(versionId !== undefined, (narrow) => narrow.where('versions.id', '=', versionId ?? '')),
    )
    .execute();
}

/** Rows and files of blobs that nothing uses any more. */
export function createBlobRelease({
  database,
  blobs,
  clock,
}: {
  readonly database: Database;
  readonly blobs: Pick<BlobStore, 'markUnsettled' | 'settle'>;
  readonly clock: Pick<Clock, 'now'>;
}) {
  /** Brings files in line with rows. Under the lock of a transaction, so that nobody records a blob just when its bytes go. */
  const settle = (digests: readonly string[]): Promise<void> =>
    database.transaction(async (transaction) => {
      for (const digest of digests) {
        const row = await readBlob(transaction, digest);
        await blobs.settle(digest, row?.location === 'store');
      }
    });
  return {
    settle,
    /** In the transaction that takes the files away: forgets those of these blobs that nothing uses or holds. Settle what it gives afterwards. */
    async free(transaction: Query, candidates: readonly BlobRow[]): Promise<readonly string[]> {
      const freed: string[] = [];
      for (const { digest, location } of candidates) {
        const { numDeletedRows } = await transaction
          .deleteFrom('blobs')
          .where('digest', '=', digest)
          .where(({ not, exists, selectFrom }) => not(exists(selectFrom('files').select('path').where('digest', '=', digest))))
          .where(({ not, exists, selectFrom }) =>
            not(exists(selectFrom('blob_leases').select('holder').where('digest', '=', digest).where('expires_at', '>', clock.now()))),
          )
          .executeTakeFirst();
        if (numDeletedRows === 0n || location !== 'store') continue;
        await blobs.markUnsettled(digest);
        freed.push(digest);
      }
      return freed;
    },
  };
}
export type BlobRelease = ReturnType<typeof createBlobRelease>;
