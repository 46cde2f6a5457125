import { ClusterError, phrase } from '@cluster-ai/contracts';
import type { ExpressionBuilder } from 'kysely';
import type { Query } from '../../stores/database.ts';
import type { Tables } from '../../stores/tables.ts';

type InBlobs = ExpressionBuilder<Tables, 'blobs'>;

/** Of a row of `blobs`, each way in which it is needed: by files of models, by results and reports of tasks, by modules for them. */
const needs = ({ exists, selectFrom }: InBlobs) => [
  exists(selectFrom('files').select('files.path').whereRef('files.digest', '=', 'blobs.digest')),
  exists(selectFrom('tasks').select('tasks.id').whereRef('tasks.result_digest', '=', 'blobs.digest')),
  exists(selectFrom('tasks').select('tasks.id').whereRef('tasks.report_digest', '=', 'blobs.digest')),
  exists(selectFrom('task_bundles').select('task_bundles.digest').whereRef('task_bundles.digest', '=', 'blobs.digest')),
];

/**
 * The references of a blob are the rows that name it: nothing is counted beside them, so nothing can be counted wrongly, and the foreign keys
 * refuse whatever would leave one of them without its blob.
 */
export const isReferenced = (blob: InBlobs) => blob.or(needs(blob));

/** The same of one that need not be there. */
export async function hasReferences(query: Query, digest: string): Promise<boolean> {
  return (
    (await query.selectFrom('blobs').select('digest').where('digest', '=', digest).where(isReferenced).executeTakeFirst()) !== undefined
  );
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
      throw new ClusterError('blob_not_found', phrase('blob_unknown', { digest: digest.slice(0, 80) }), { hint: phrase('upload_again') });
  }
}

/** Call it in the transaction that deletes rows of `files`, after that: the grace begins now. Gives those that nothing refers to any more. */
export async function markUnlinked(transaction: Query, digests: readonly string[], now: number): Promise<readonly string[]> {
  const unused: string[] = [];
  for (const digest of new Set(digests)) {
    if (await hasReferences(transaction, digest)) continue;
    await transaction.updateTable('blobs').set({ unreferenced_at: now }).where('digest', '=', digest).execute();
    unused.push(digest);
  }
  return unused;
}
