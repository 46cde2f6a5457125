import type { Task, TaskList, taskQueryShape } from '@cluster-ai/contracts';
import { ClusterError, phrase } from '@cluster-ai/contracts';
import type { z } from 'zod';
import type { Query } from '../../stores/database.ts';
import { headColumns, toTask } from './task-rows.ts';

export type TaskQuery = z.output<typeof taskQueryShape>;

export const taskNotFound = (id: string) =>
  new ClusterError('task_not_found', phrase('task_unknown', { id: id.slice(0, 80) }), { hint: phrase('task_list_hint') });

/** Whose tasks are seen; `undefined`: everybody's. */
export type Viewer = string | undefined;

/** With the value of its result, where that is in its row. Throws `task_not_found`, also for one of somebody else. */
export async function readTask(query: Query, id: string, viewer: Viewer): Promise<Task> {
  const row = await query
    .selectFrom('tasks')
    .select([...headColumns, 'result_json'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined || (viewer !== undefined && row.owner_id !== viewer)) throw taskNotFound(id);
  return toTask(row);
}

/** Newest first, without values. */
export async function listTasks(query: Query, wanted: TaskQuery, viewer: Viewer): Promise<TaskList> {
  const { state, type, name, limit, cursor } = wanted;
  const before = cursor === undefined ? undefined : Number(cursor);
  if (before !== undefined && !Number.isSafeInteger(before))
    throw new ClusterError('invalid_request', 'The cursor is none of ours.', { param: 'cursor' });
  let rows = query.selectFrom('tasks').select(headColumns);
  if (viewer !== undefined) rows = rows.where('owner_id', '=', viewer);
  if (state !== undefined) rows = rows.where('state', '=', state);
  if (type !== undefined) rows = rows.where('type', '=', type);
  if (name !== undefined) rows = rows.where('name', '=', name);
  if (before !== undefined) rows = rows.where('sequence', '<', before);
  const found = await rows.orderBy('sequence', 'desc').limit(limit + 1).execute(); // biome-ignore format: one line
  const shown = found.slice(0, limit);
  return { tasks: shown.map(toTask), next: found.length > limit ? String(shown.at(-1)?.sequence) : null };
}

export async function countTasks(query: Query): Promise<Readonly<Record<string, number>>> {
  const rows = await query
    .selectFrom('tasks')
    .select(['state', ({ fn }) => fn.countAll<number>().as('count')])
    .groupBy('state')
    .execute();
  return Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]));
}
