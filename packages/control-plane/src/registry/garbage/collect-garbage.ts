import { type Clock, failpoint, type Logger } from '@cluster-ai/runtime';
import type { ExpressionBuilder } from 'kysely';
import type { BlobStore } from '../../stores/blob-store.ts';
import type { Database } from '../../stores/database.ts';
import type { BlobRow, Tables } from '../../stores/tables.ts';
import { createTurns } from '../../stores/turns.ts';
import { settleBlobs } from '../record-blob.ts';
import { isReferenced } from './references.ts';
import { removeOrphans } from './remove-orphans.ts';

export interface GarbageDependencies {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told after their rows are gone. */
  readonly onRemoved?: (digests: readonly string[]) => void;
}

export interface Collected {
  readonly blobs: number;
  readonly bytes: number;
  readonly orphans: number;
}

export interface Garbage {
  /** One pass. A shorter grace is for a person who wants the space now; leases are honoured all the same. */
  collect(options?: { readonly graceMs?: number }): Promise<Collected>;
  /** A pass each hour until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

const HOUR_MS = 60 * 60_000;
export const usualGraceMs = 24 * HOUR_MS;
const LOOK_AT = 500;
/** Each costs an fsync while nobody else can write. */
const REMOVE_AT_ONCE = 20;

type InBlobs = ExpressionBuilder<Tables, 'blobs'>;

const isLeased =
  (now: number) =>
  ({ exists, selectFrom }: InBlobs) =>
    exists(
      selectFrom('blob_leases')
        .select('blob_leases.holder')
        .whereRef('blob_leases.digest', '=', 'blobs.digest')
        .where('blob_leases.expires_at', '>', now),
    );

export function createGarbage({ database, blobs, clock, log, onRemoved = () => {} }: GarbageDependencies): Garbage {
  const turns = createTurns();

  /** Notes since when nothing refers to a blob, and forgets it where something does again. */
  async function mark(): Promise<void> {
    for (let after = ''; ; ) {
      const rows = await database.query
        .selectFrom('blobs')
        .select(['digest', 'unreferenced_at'])
        .select((blob) => isReferenced(blob).as('isReferenced'))
        .where('digest', '>', after)
        .orderBy('digest')
        .limit(LOOK_AT)
        .execute();
      const last = rows.at(-1);
      if (!last) return;
      after = last.digest;
      const changed = rows.filter((row) => Boolean(row.isReferenced) === (row.unreferenced_at !== null)).map(({ digest }) => digest);
      if (changed.length > 0) await markBatch(changed);
    }
  }

  const markBatch = (digests: readonly string[]) =>
    database.transaction(async (transaction) => {
      const among = transaction.updateTable('blobs').where('digest', 'in', digests);
      await among.set({ unreferenced_at: null }).where(isReferenced).execute();
      await among
        .set({ unreferenced_at: clock.now() })
        .where('unreferenced_at', 'is', null)
        .where((blob) => blob.not(isReferenced(blob)))
        .execute();
      failpoint('garbage.after_mark');
    });

  /** Rows that nothing needs and that have waited long enough, a batch at a time, judged and deleted in one transaction. */
  async function removeBatch(unreferencedUntil: number): Promise<readonly BlobRow[]> {
    const removed = await database.transaction(async (transaction) => {
      const rows = await transaction
        .selectFrom('blobs')
        .selectAll()
        .where('unreferenced_at', '<=', unreferencedUntil)
        .where((blob) => blob.not(isReferenced(blob)))
        .where((blob) => blob.not(isLeased(clock.now())(blob)))
        .limit(REMOVE_AT_ONCE)
        .execute();
      const digests = rows.map(({ digest }) => digest);
      if (digests.length === 0) return rows;
      for (const { digest, location } of rows) if (location === 'store') await blobs.markUnsettled(digest);
      failpoint('garbage.before_rows');
      await transaction.deleteFrom('blob_leases').where('digest', 'in', digests).execute();
      await transaction.deleteFrom('blobs').where('digest', 'in', digests).execute();
      return rows;
    });
    failpoint('garbage.after_rows');
    const stored = removed.filter(({ location }) => location === 'store').map(({ digest }) => digest);
    if (stored.length > 0) await settleBlobs(database, blobs, stored);
    failpoint('garbage.after_settled');
    if (removed.length > 0) onRemoved(removed.map(({ digest }) => digest));
    return removed;
  }

  async function collectAlone(graceMs: number): Promise<Collected> {
    await database.transaction((transaction) => transaction.deleteFrom('blob_leases').where('expires_at', '<=', clock.now()).execute());
    await mark();
    const until = clock.now() - graceMs;
    let count = 0;
    let bytes = 0;
    for (;;) {
      const removed = await removeBatch(until);
      if (removed.length === 0) break;
      count += removed.length;
      bytes += removed.reduce((sum, { location, size_bytes }) => sum + (location === 'store' ? size_bytes : 0), 0);
    }
    const orphans = await removeOrphans({ database, blobs, clock, log, graceMs });
    if (count + orphans > 0) log.info({ blobs: count, bytes, orphans }, 'Blobs that nothing needs any more were removed');
    return { blobs: count, bytes, orphans };
  }

  async function collect({ graceMs = usualGraceMs } = {}): Promise<Collected> {
    const next = await turns.take();
    try {
      return await collectAlone(graceMs);
    } finally {
      next();
    }
  }

  return {
    collect,
    async run(signal) {
      while (!signal.aborted) {
        await clock.sleep(HOUR_MS, signal).catch(() => {});
        if (signal.aborted) return;
        await collect().catch((error: unknown) => log.warn({ err: error }, 'Blobs that nothing needs could not be removed'));
      }
    },
  };
}
