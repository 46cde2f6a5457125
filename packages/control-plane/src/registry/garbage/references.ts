import { ClusterError } from '@cluster-ai/contracts';
import type { Query } from '../../stores/database.ts';

/**
 * The references of a blob are the rows of `files` that name it: nothing is counted beside them, so nothing can be counted wrongly, and the
 * foreign key refuses whatever would leave a file without its blob.
 */
export async function countReferences(query: Query, digest: string): Promise<number> {
  const { count } = await query
    .selectFrom('files')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('digest', '=', digest)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/**
 * Call it in the transaction that writes rows of `files`, before them: the grace of an earlier time without references is over. Throws
 * `blob_not_found` when one of the blobs is not here (any more).
 */
export async function markLinked(transaction: Query, digests: readonly string[]): Promise<void> {
  const wanted = [...new Set(digests)];
  for (const digest of wanted) {
    const result = await transaction.updateTable('blobs').set({ unreferenced_at: null }).where('digest', '=', digest).executeTakeFirst();
    if (result.numUpdatedRows === 0n)
      throw new ClusterError('blob_not_found', `There is no blob ${digest.slice(0, 80)}.`, { hint: 'Upload it again.' });
  }
}

/** Call it in the transaction that deletes rows of `files`, after that: the grace begins now. Gives those that nothing refers to any more. */
export async function markUnlinked(transaction: Query, digests: readonly string[], now: number): Promise<readonly string[]> {
  const unused: string[] = [];
  for (const digest of new Set(digests)) {
    if ((await countReferences(transaction, digest)) > 0) continue;
    await transaction.updateTable('blobs').set({ unreferenced_at: now }).where('digest', '=', digest).execute();
    unused.push(digest);
  }
  return unused;
}
