import type { TaskLog } from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import type { Database, Query } from '../../stores/database.ts';
import { inGroups } from './in-groups.ts';

const MOST_LINES = 1000;
const LONGEST_LINE = 8000;
const WRITE_EVERY_MS = 500;
const ROWS_AT_ONCE = 500;

interface Line {
  readonly id: string;
  readonly at: number;
  readonly attempt: number;
  readonly text: string;
}

/** What tasks print. Of each the last lines are kept; written in batches, and lost with a crash, unlike the tasks themselves. */
export function createTaskLogs({ database, clock, log }: { readonly database: Database; readonly clock: Clock; readonly log: Logger }) {
  let waiting: Line[] = [];
  let timer: NodeJS.Timeout | undefined;

  async function lastNumbers(transaction: Query, ids: readonly string[]): Promise<Map<string, number>> {
    const rows = await transaction
      .selectFrom('tasks')
      .leftJoin('task_logs', 'task_logs.task_id', 'tasks.id')
      .select(['tasks.id', ({ fn }) => fn.max<number | null>('task_logs.number').as('last')])
      .where('tasks.id', 'in', ids)
      .groupBy('tasks.id')
      .execute();
    return new Map(rows.map(({ id, last }) => [id, Number(last ?? 0)]));
  }

  async function write(lines: readonly Line[]): Promise<void> {
    await database.transaction(
      async (transaction) => {
        const numbers = await lastNumbers(transaction, [...new Set(lines.map(({ id }) => id))]);
        const rows = lines.flatMap(({ id, at, attempt, text }) => {
          const last = numbers.get(id);
          if (last === undefined) return []; // the task is gone
          numbers.set(id, last + 1);
          return [{ task_id: id, number: last + 1, at, attempt, text }];
        });
        for (const group of inGroups(rows, ROWS_AT_ONCE)) await transaction.insertInto('task_logs').values(group).execute();
        for (const [id, last] of numbers)
          if (last > MOST_LINES)
            await transaction
              .deleteFrom('task_logs')
              .where('task_id', '=', id)
              .where('number', '<=', last - MOST_LINES)
              .execute();
      },
      { durability: 'normal' },
    );
  }

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const lines = waiting;
    waiting = [];
    if (lines.length > 0) await write(lines).catch((error: unknown) => log.warn({ err: error }, 'What tasks printed could not be stored'));
  }

  return {
    add(id: string, attempt: number, text: string): void {
      const at = clock.now();
      for (const line of text.split('\n').slice(-MOST_LINES))
        if (line !== '') waiting.push({ id, at, attempt, text: line.slice(0, LONGEST_LINE) });
      timer ??= setTimeout(() => void flush(), WRITE_EVERY_MS);
    },
    flush,
    async read(id: string): Promise<TaskLog> {
      await flush();
      const rows = await database.query.selectFrom('task_logs').selectAll().where('task_id', '=', id).orderBy('number').execute();
      const lines = rows.map(({ at, attempt, text }) => ({ at: new Date(at).toISOString(), attempt, text }));
      return { lines, isCut: (rows[0]?.number ?? 1) > 1 };
    },
  };
}
export type TaskLogs = ReturnType<typeof createTaskLogs>;
