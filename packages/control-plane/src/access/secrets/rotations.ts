import { ClusterError, type KeyRotation } from '@cluster-ai/contracts';
import { aborted, type Clock, type Logger } from '@cluster-ai/runtime';
import type { Database, Query } from '../../stores/database.ts';
import type { KeyRotationRow } from '../../stores/tables.ts';
import { addDataKey, type DataKeys, type MasterKeys } from './data-keys.ts';
import { resealNext } from './reseal.ts';
import type { SealedColumn } from './sealed-columns.ts';

const RETRY_MS = 5000;

export interface RotationDependencies {
  readonly database: Database;
  readonly keys: DataKeys;
  readonly masters: MasterKeys;
  readonly columns: readonly SealedColumn[];
  readonly settleMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

const toKeyRotation = ({ purpose, to_version, swept_at, done, unreadable, started_at }: KeyRotationRow): KeyRotation => ({
  purpose,
  toVersion: to_version,
  phase: swept_at === null ? 'sealing' : 'settling',
  done,
  unreadable,
  startedAt: new Date(started_at).toISOString(),
});

async function listPurposes(query: Query, purpose: string | undefined): Promise<readonly string[]> {
  const rows = await query.selectFrom('data_keys').select('purpose').distinct().execute();
  const found = rows.map((row) => row.purpose).filter((name) => purpose === undefined || name === purpose);
  if (purpose !== undefined && found.length === 0)
    throw new ClusterError('secret_not_found', `There is no key for "${purpose.slice(0, 100)}".`, {
      hint: 'Those that there are: cluster-ai secrets status',
    });
  return found;
}

/** Replaces data keys: a new version seals at once, and what was sealed before follows in the background, over restarts. */
export function createRotations({ database, keys, masters, columns, settleMs, clock, log }: RotationDependencies) {
  let wake = new AbortController();
  const list = () => database.query.selectFrom('key_rotations').selectAll().orderBy('started_at').orderBy('purpose').execute();
  const dueAt = ({ swept_at }: KeyRotationRow) => (swept_at === null ? 0 : swept_at + settleMs);

  async function begin(transaction: Query, purpose: string): Promise<void> {
    const running = await transaction.selectFrom('key_rotations').select('purpose').where('purpose', '=', purpose).executeTakeFirst();
    if (running !== undefined)
      throw new ClusterError('conflict', `The key for "${purpose}" is being replaced already.`, {
        hint: 'Wait until it is done: cluster-ai secrets status',
      });
    const { version } = await addDataKey(transaction, masters.current(), purpose, clock.now());
    const fresh = { round: 1, place: 0, cursor: '', done: 0, unreadable: 0, swept_at: null };
    await transaction
      .insertInto('key_rotations')
      .values({ purpose, to_version: version, started_at: clock.now(), ...fresh })
      .execute();
  }

  async function step({ purpose, to_version }: KeyRotationRow): Promise<void> {
    const { state, done, unreadable } = await resealNext({ database, keys, columns, now: clock.now }, purpose);
    if (state !== 'finished') return;
    for (let version = 1; version < to_version; version++) keys.forget(purpose, version);
    if (unreadable === 0) log.info({ purpose, version: to_version, done }, 'Everything is sealed with the new data key');
    else log.error({ purpose, version: to_version, done, unreadable }, 'Some sealed values cannot be opened; the earlier data key is kept');
  }

  /** Does one thing, or waits until there is one to do. */
  async function workOnce(until: AbortSignal): Promise<void> {
    const rotations = await list();
    const next = rotations.find((rotation) => dueAt(rotation) <= clock.now());
    if (next !== undefined) await step(next);
    else if (rotations.length === 0) await aborted(until);
    else await clock.sleep(Math.min(...rotations.map(dueAt)) - clock.now(), until).catch(() => {});
  }

  return {
    list: async (): Promise<readonly KeyRotation[]> => (await list()).map(toKeyRotation),

    /** For one purpose or all of them. Throws `conflict` while one of them is being replaced. */
    async start(purpose: string | undefined): Promise<void> {
      await database.transaction(async (transaction) => {
        for (const name of await listPurposes(transaction, purpose)) await begin(transaction, name);
      });
      wake.abort();
    },

    async run(signal: AbortSignal): Promise<void> {
      while (!signal.aborted) {
        wake = new AbortController();
        await workOnce(AbortSignal.any([signal, wake.signal])).catch(async (error: unknown) => {
          log.error({ err: error }, 'Sealing with a new data key failed; it is tried again');
          await clock.sleep(RETRY_MS, signal).catch(() => {});
        });
      }
    },
  };
}
