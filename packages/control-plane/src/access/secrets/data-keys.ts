import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { ClusterError, type DataKey } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { Database, Query } from '../../stores/database.ts';
import type { DataKeyRow } from '../../stores/tables.ts';
import type { MasterKey } from './master-key.ts';
import { unwrapDataKey, wrapDataKey } from './open-master-key.ts';
import { readSealHeader } from './sealed-bytes.ts';

const KEY_BYTES = 32;
const dayMs = 24 * 60 * 60_000;
const DUE_AFTER_MS = 90 * dayMs;
/** Half of what random IVs of 96 bits allow under one key (NIST SP 800-38D, 8.3). */
const DUE_AFTER_USES = 2 ** 31;
/** Uses are written down before they happen, this many at a time: a crash may count too many, never too few. */
const USES_AT_ONCE = 1024;

export const rotationDue = ({ created_at, uses }: DataKeyRow, now: number): DataKey['rotationDue'] =>
  uses >= DUE_AFTER_USES ? 'uses' : now - created_at >= DUE_AFTER_MS ? 'age' : 'no';

export interface ActiveKey {
  readonly key: KeyObject;
  readonly version: number;
}

const findNewest = (query: Query, purpose: string) =>
  query.selectFrom('data_keys').selectAll().where('purpose', '=', purpose).orderBy('version', 'desc').limit(1).executeTakeFirst();

/** In the same transaction as what is wrapped with it: another control plane may have replaced the master key. */
async function checkInForce(query: Query, { id }: MasterKey): Promise<void> {
  const row = await query.selectFrom('master_keys').select('id').executeTakeFirst();
  if (row?.id !== id)
    throw new ClusterError('conflict', 'The master key has just been replaced.', {
      hint: 'Try again; start the cluster again if that does not help.',
    });
}

/** Writes a fresh key that seals from now on. */
export async function addDataKey(query: Query, master: MasterKey, purpose: string, now: number): Promise<DataKeyRow> {
  await checkInForce(query, master);
  const version = ((await findNewest(query, purpose))?.version ?? 0) + 1;
  const wrapped = wrapDataKey(master, { purpose, version }, randomBytes(KEY_BYTES));
  const row: DataKeyRow = { purpose, version, wrapped, created_at: now, uses: 0 };
  await query.insertInto('data_keys').values(row).execute();
  return row;
}

export async function countUses(query: Query, { purpose, version }: Pick<DataKeyRow, 'purpose' | 'version'>, uses: number): Promise<void> {
  await query
    .updateTable('data_keys')
    .set((row) => ({ uses: row('uses', '+', uses) }))
    .where('purpose', '=', purpose)
    .where('version', '=', version)
    .execute();
}

/** The master key may be replaced while the cluster runs: for a moment keys are met that are wrapped with either. */
export interface MasterKeys {
  current(): MasterKey;
  /** The one with this id, if it is known here. */
  find(id: string): MasterKey | undefined;
}

/** The unwrapped data keys, made when they are first needed. */
export function createDataKeys(database: Database, masters: MasterKeys, clock: Pick<Clock, 'now'>) {
  const unwrapped = new Map<string, KeyObject>();
  const left = new Map<string, number>();
  const nameOf = ({ purpose, version }: Pick<DataKeyRow, 'purpose' | 'version'>) => `${purpose} ${version}`;

  function unwrap(row: DataKeyRow): KeyObject {
    const known = unwrapped.get(nameOf(row));
    if (known !== undefined) return known;
    const wrappedWith = readSealHeader(row.wrapped)?.purpose ?? '';
    const key = createSecretKey(unwrapDataKey(masters.find(wrappedWith) ?? masters.current(), row));
    unwrapped.set(nameOf(row), key);
    return key;
  }

  /** Writes down a group of uses of the newest key, which is made if there is none. */
  const reserve = (purpose: string) =>
    database.transaction(async (transaction) => {
      const row = (await findNewest(transaction, purpose)) ?? (await addDataKey(transaction, masters.current(), purpose, clock.now()));
      await countUses(transaction, row, USES_AT_ONCE);
      left.set(nameOf(row), (left.get(nameOf(row)) ?? 0) + USES_AT_ONCE);
      return row;
    });

  return {
    /** The key that seals, for one use. Asks the database each time: another control plane may have replaced it. Not within a transaction. */
    async take(purpose: string): Promise<ActiveKey> {
      const newest = await findNewest(database.query, purpose);
      const row = newest !== undefined && (left.get(nameOf(newest)) ?? 0) > 0 ? newest : await reserve(purpose);
      left.set(nameOf(row), (left.get(nameOf(row)) ?? 0) - 1);
      return { key: unwrap(row), version: row.version };
    },

    /** `undefined` when there is no such key, or not any more. */
    async find(purpose: string, version: number, query: Query = database.query): Promise<KeyObject | undefined> {
      const known = unwrapped.get(nameOf({ purpose, version }));
      if (known !== undefined) return known;
      const row = await query
        .selectFrom('data_keys')
        .selectAll()
        .where('purpose', '=', purpose)
        .where('version', '=', version)
        .executeTakeFirst();
      return row === undefined ? undefined : unwrap(row);
    },

    /** Those that were removed from the database are forgotten here as well. */
    forget(purpose: string, version: number): void {
      unwrapped.delete(nameOf({ purpose, version }));
      left.delete(nameOf({ purpose, version }));
    },
  };
}
export type DataKeys = ReturnType<typeof createDataKeys>;
