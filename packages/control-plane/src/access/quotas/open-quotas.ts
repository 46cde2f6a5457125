import type { UsageReport } from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import type { Database } from '../../stores/database.ts';
import type { Caller } from '../caller.ts';
import { type Counts, checkLimits, measureLimits, type Quota } from './limits.ts';
import { createPeriodNames, type Period, type PeriodNames, periods } from './periods.ts';
import { addUpDays, createUsageStore, type DayUse } from './usage-store.ts';

/*
 * What keys, people and service accounts have used. Counted in memory, so that no request waits for the database; written as additions every
 * few seconds and at the stop. A minute is known to this process only. After `kill -9` at most the last seconds are forgotten. Limits are there
 * against runaway programs and for fair shares, not for bills: answers that began before a limit was reached are finished, and count.
 */

const SAVE_EVERY_MS = 5000;
const DAY_MS = 24 * 60 * 60_000;
const SHOWN_DAYS = 31;

interface Cell {
  name: string;
  requests: number;
  tokens: number;
}
/** Of one subject. `unsaved`: what was used today since the last time that it was written. */
type Cells = Record<Period, Cell> & { unsaved: DayUse | undefined };

type Charged = Pick<Caller, 'quotas'>;

/** How much may be used, and how much was. Disposing writes what is still in memory. */
export interface Quotas extends AsyncDisposable {
  /** Counts one request of the caller, and of the owner where the caller is a key. Throws `quota_exceeded`, which says when it may go on. */
  begin(caller: Charged): void;
  /** What an answer cost. */
  charge(caller: Charged, tokens: number): void;
  /** Of one key, person or service account. */
  usageOf(quota: Quota): Promise<UsageReport>;
  /** Keeps memory and database together until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface QuotasDependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
}

const emptyCell = (): Cell => ({ name: '', requests: 0, tokens: 0 });
const emptyCells = (): Cells => ({ minute: emptyCell(), day: emptyCell(), month: emptyCell(), ever: emptyCell(), unsaved: undefined });

export async function openQuotas({ database, clock, log }: QuotasDependencies): Promise<Quotas> {
  const store = createUsageStore(database);
  const namesAt = createPeriodNames();
  const counters = new Map<string, Cells>();
  let unsaved: DayUse[] = [];
  let turns: Promise<void> = Promise.resolve();
  let cleanedAtMs = Number.NEGATIVE_INFINITY;

  function cellsOf(subject: string): Cells {
    const known = counters.get(subject);
    if (known !== undefined) return known;
    const fresh = emptyCells();
    counters.set(subject, fresh);
    return fresh;
  }

  /** The cell of the period that is now: one of an older period begins anew. */
  function cellAt(cells: Cells, period: Period, names: PeriodNames): Cell {
    const cell = cells[period];
    if (cell.name !== names[period]) Object.assign(cell, { name: names[period], requests: 0, tokens: 0 });
    return cell;
  }

  function add(subject: string, requests: number, tokens: number): void {
    const names = namesAt(clock.now());
    const cells = cellsOf(subject);
    for (const period of periods) {
      const cell = cellAt(cells, period, names);
      cell.requests += requests;
      cell.tokens += tokens;
    }
    let use = cells.unsaved;
    if (use?.day !== names.day) {
      use = { subject, day: names.day, requests: 0, tokens: 0 };
      cells.unsaved = use;
      unsaved.push(use);
    }
    use.requests += requests;
    use.tokens += tokens;
  }

  const countsOf = (subject: string, now: number) => {
    const names = namesAt(now);
    const cells = cellsOf(subject);
    return (period: Period): Counts => cellAt(cells, period, names);
  };

  async function save(): Promise<void> {
    if (unsaved.length === 0) return;
    const taken = unsaved;
    unsaved = [];
    for (const { subject } of taken) cellsOf(subject).unsaved = undefined;
    await store.add(taken).catch((error: unknown) => {
      unsaved = addUpDays([...taken, ...unsaved]);
      for (const { subject } of unsaved) cellsOf(subject).unsaved = undefined;
      throw error;
    });
  }

  /** What is in the database, and what is not yet. */
  async function load(): Promise<void> {
    const rows = await store.load(namesAt(clock.now()));
    const names = namesAt(clock.now());
    for (const { subject, period: name, requests, tokens } of rows) {
      const period = periods.find((candidate) => names[candidate] === name);
      if (period === undefined) continue; // it ended meanwhile
      const cell = cellAt(cellsOf(subject), period, names);
      const added = unsaved.filter((use) => use.subject === subject && (name === 'ever' || use.day.startsWith(name)));
      cell.requests = added.reduce((sum, use) => sum + use.requests, requests);
      cell.tokens = added.reduce((sum, use) => sum + use.tokens, tokens);
    }
  }

  /** One at a time: what is being written is neither in the database nor among what is not written. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    const done = turns.then(work);
    turns = done.catch(() => {});
    return done;
  }

  async function sync(): Promise<void> {
    try {
      await inTurn(save);
      if (database.kind === 'postgres') await inTurn(load);
      if (clock.now() - cleanedAtMs < DAY_MS) return;
      cleanedAtMs = clock.now();
      await store.removeOld(clock.now());
    } catch (error) {
      log.warn({ err: error }, 'What was used could not be written; it is tried again');
    }
  }

  await load();
  return {
    begin({ quotas = [] }) {
      const now = clock.now();
      for (const quota of quotas) checkLimits(quota, countsOf(quota.subject, now), now);
      for (const { subject } of quotas) add(subject, 1, 0);
    },
    charge({ quotas = [] }, tokens) {
      for (const { subject } of quotas) add(subject, 0, tokens);
    },
    async usageOf(quota) {
      await inTurn(save);
      const now = clock.now();
      const counts = countsOf(quota.subject, now);
      const toCounts = (period: Period) => ({ requests: counts(period).requests, tokens: counts(period).tokens });
      return {
        minute: toCounts('minute'),
        day: toCounts('day'),
        month: toCounts('month'),
        ever: toCounts('ever'),
        limits: measureLimits(quota, counts, now),
        days: await store.days(quota.subject, SHOWN_DAYS),
      };
    },
    async run(signal) {
      while (!signal.aborted) {
        await clock.sleep(SAVE_EVERY_MS, signal).catch(() => {});
        await sync();
      }
    },
    [Symbol.asyncDispose]: sync,
  };
}
