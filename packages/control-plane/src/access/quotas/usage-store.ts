import type { Database, Query } from '../../stores/database.ts';
import type { UsageCounterRow } from '../../stores/tables.ts';
import type { PeriodNames } from './periods.ts';

/** What somebody used on one day and is not written yet. */
export interface DayUse {
  readonly subject: string;
  /** `2026-11-30` */
  readonly day: string;
  requests: number;
  tokens: number;
}

const ROWS_AT_ONCE = 500;
const KEPT_DAYS = 400;
const DAY_MS = 24 * 60 * 60_000;

/** One for each subject and day. */
export function addUpDays(uses: readonly DayUse[]): DayUse[] {
  const days = new Map<string, DayUse>();
  for (const { subject, day, requests, tokens } of uses) {
    const key = `${day} ${subject}`;
    const sum = days.get(key) ?? { subject, day, requests: 0, tokens: 0 };
    days.set(key, { ...sum, requests: sum.requests + requests, tokens: sum.tokens + tokens });
  }
  return [...days.values()];
}

/** The day's use counts for its month and for all time as well. */
function toRows(uses: readonly DayUse[]): readonly UsageCounterRow[] {
  const rows = new Map<string, UsageCounterRow>();
  for (const { subject, day, requests, tokens } of uses)
    for (const period of [day, day.slice(0, 7), 'ever']) {
      const key = `${period} ${subject}`;
      const row = rows.get(key) ?? { subject, period, requests: 0, tokens: 0 };
      rows.set(key, { ...row, requests: row.requests + requests, tokens: row.tokens + tokens });
    }
  return [...rows.values()];
}

async function addRows(query: Query, rows: readonly UsageCounterRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE)
    await query
      .insertInto('usage_counters')
      .values(rows.slice(from, from + ROWS_AT_ONCE))
      .onConflict((conflict) =>
        conflict.columns(['subject', 'period']).doUpdateSet((row) => ({
          requests: row('usage_counters.requests', '+', row.ref('excluded.requests')),
          tokens: row('usage_counters.tokens', '+', row.ref('excluded.tokens')),
        })),
      )
      .execute();
}

/** Counters of days, months and all time, as additions: several control planes may count for the same keys. */
export function createUsageStore(database: Database) {
  return {
    /** May have several of one subject and day. */
    add: (uses: readonly DayUse[]) => database.transaction((query) => addRows(query, toRows(uses)), { durability: 'normal' }),
    /** What was used in the periods that are now. */
    load: ({ day, month, ever }: PeriodNames): Promise<readonly UsageCounterRow[]> =>
      database.query.selectFrom('usage_counters').selectAll().where('period', 'in', [day, month, ever]).execute(),
    /** The newest days on which something was used, newest first. */
    days: (subject: string, most: number) =>
      database.query
        .selectFrom('usage_counters')
        .select(['period as day', 'requests', 'tokens'])
        .where('subject', '=', subject)
        .where('period', 'like', '____-__-__')
        .orderBy('period', 'desc')
        .limit(most)
        .execute(),
    removeOld: (now: number) =>
      database.transaction(
        (query) =>
          query
            .deleteFrom('usage_counters')
            .where('period', 'like', '____-__-__')
            .where('period', '<', new Date(now - KEPT_DAYS * DAY_MS).toISOString().slice(0, 10))
            .execute(),
        { durability: 'normal' },
      ),
  };
}
