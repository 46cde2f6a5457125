import type { BlobStore } from '../stores/blob-store.ts';
import type { Database, Query } from '../stores/database.ts';
import type { BlobRow } from '../stores/tables.ts';
import { findProblem } from './check-blobs.ts';

/** Where the bytes are once `place` has run inside the transaction that records them. */
export interface TakenBlob {
  readonly row: BlobRow;
  place(options?: { readonly replace?: boolean }): Promise<void>;
}

type Place = Pick<BlobRow, 'location' | 'path' | 'identity'>;

export const inStore: Place = { location: 'store', path: '', identity: '' };

export const toBlobRow = (digest: string, sizeBytes: number, place: Place, now: number): BlobRow => ({
  digest,
  size_bytes: sizeBytes,
  ...place,
  created_at: now,
  verified_at: now,
  unreferenced_at: null,
  damaged_at: null,
});

/** Records where bytes are; what was known about them before is replaced. */
export async function writeBlob(transaction: Query, row: BlobRow): Promise<void> {
  await transaction
    .insertInto('blobs')
    .values(row)
    .onConflict((conflict) => conflict.column('digest').doUpdateSet(row))
    .execute();
}

export const readBlob = (query: Query, digest: string): Promise<BlobRow | undefined> =>
  query.selectFrom('blobs').selectAll().where('digest', '=', digest).executeTakeFirst();

/** Keeps what is known and well: a copy of ours is better than a file of somebody else. */
export async function recordBlob(
  transaction: Query,
  taken: TakenBlob,
  blobs: Pick<BlobStore, 'pathOf' | 'sizeOf' | 'identityNow'>,
): Promise<BlobRow> {
  const known = await readBlob(transaction, taken.row.digest);
  const isWell = known !== undefined && (await findProblem(known, blobs)) === undefined;
  if (isWell && (known.location === 'store' || taken.row.location === 'in_place')) {
    const kept = { ...known, unreferenced_at: null }; // whoever brings it again has the whole grace
    if (known.unreferenced_at !== null) await writeBlob(transaction, kept);
    return kept;
  }
  await taken.place({ replace: known !== undefined && known.damaged_at !== null });
  await writeBlob(transaction, taken.row);
  return taken.row;
}

/** Brings files in line with rows. Under the lock of a transaction, so that nobody records a blob just when its bytes go. */
export function settleBlobs(database: Database, blobs: Pick<BlobStore, 'settle'>, digests: readonly string[]): Promise<void> {
  return database.transaction(async (transaction) => {
    for (const digest of digests) {
      const row = await readBlob(transaction, digest);
      await blobs.settle(digest, row?.location === 'store');
    }
  });
}
