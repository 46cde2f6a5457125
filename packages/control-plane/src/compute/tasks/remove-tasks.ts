import { ClusterError, phrase } from '@cluster-ai/contracts';
import { markUnlinked } from '../../registry/garbage/references.ts';
import type { Database, Query } from '../../stores/database.ts';
import { taskNotFound } from './read-tasks.ts';
import { isEnded } from './task-record.ts';

const REMOVE_AT_ONCE = 500;

/** Their logs go with them, and their blobs once nothing else needs those. */
async function removeRows(transaction: Query, ids: readonly string[], now: number): Promise<void> {
  const rows = await transaction.selectFrom('tasks').select(['result_digest', 'report_digest']).where('id', 'in', ids).execute();
  await transaction.deleteFrom('tasks').where('id', 'in', ids).execute();
  const digests = rows.flatMap(({ result_digest, report_digest }) => [result_digest, report_digest]).filter((digest) => digest !== null);
  await markUnlinked(transaction, digests, now);
}

/** Throws `task_not_found`, and `conflict` for one that has not ended or that others wait for. */
export async function removeTask(transaction: Query, id: string, isNeeded: boolean, now: number): Promise<void> {
  const row = await transaction.selectFrom('tasks').select('state').where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw taskNotFound(id);
  if (!isEnded(row.state))
    throw new ClusterError('conflict', phrase('task_not_ended', { id, state: row.state }), { hint: phrase('task_not_ended_hint') });
  if (isNeeded) throw new ClusterError('conflict', phrase('task_is_needed', { id }));
  await removeRows(transaction, [id], now);
}

/** Of those that ended only so many are kept, the latest; and what others still wait for. Gives how many went. */
export async function removeOldTasks(
  database: Pick<Database, 'transaction'>,
  { keep, isNeeded, now }: { readonly keep: number; readonly isNeeded: (id: string) => boolean; readonly now: number },
): Promise<number> {
  let removed = 0;
  for (;;) {
    const count = await database.transaction(async (transaction) => {
      const old = await transaction
        .selectFrom('tasks')
        .select('id')
        .where('ended_at', 'is not', null)
        .orderBy('ended_at', 'desc')
        .orderBy('id')
        .offset(keep)
        .limit(REMOVE_AT_ONCE)
        .execute();
      const ids = old.map(({ id }) => id).filter((id) => !isNeeded(id));
      if (ids.length > 0) await removeRows(transaction, ids, now);
      return ids.length;
    });
    removed += count;
    if (count < REMOVE_AT_ONCE) return removed;
  }
}
