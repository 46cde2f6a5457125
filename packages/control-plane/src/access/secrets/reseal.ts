import { sql } from 'kysely';
import type { Database, Query } from '../../stores/database.ts';
import type { KeyRotationRow } from '../../stores/tables.ts';
import { countUses, type DataKeys } from './data-keys.ts';
import { openBytes, readSealHeader, sealBytes } from './sealed-bytes.ts';
import type { SealedColumn } from './sealed-columns.ts';

/** Few enough that nobody else waits long for their turn to write. */
const ROWS_AT_ONCE = 100;
const LAST_ROUND = 2;

interface SealedRow {
  readonly row: string;
  readonly sealed: Uint8Array;
}

/** By their bytes' own order, whatever the database thinks of languages. */
const ordered = (kind: Database['kind'], column: string) =>
  kind === 'postgres' ? sql`${sql.ref(column)} collate "C"` : sql`${sql.ref(column)}`;

async function readRows(query: Query, kind: Database['kind'], place: SealedColumn, cursor: string): Promise<readonly SealedRow[]> {
  const order = ordered(kind, place.row);
  const { rows } = await sql<SealedRow>`
    select ${sql.ref(place.row)} as "row", ${sql.ref(place.column)} as "sealed" from ${sql.table(place.table)}
    where ${order} > ${cursor} and ${sql.ref(place.column)} is not null order by ${order} limit ${sql.lit(ROWS_AT_ONCE)}`.execute(query);
  return rows;
}

const writeRow = (query: Query, { table, column, row: id }: SealedColumn, row: string, sealed: Buffer) =>
  sql`update ${sql.table(table)} set ${sql.ref(column)} = ${sealed} where ${sql.ref(id)} = ${row}`.execute(query);

export interface ResealDependencies {
  readonly database: Database;
  readonly keys: DataKeys;
  readonly columns: readonly SealedColumn[];
  readonly now: () => number;
}

type Outcome = 'other' | 'done' | 'unreadable';

async function resealRow(query: Query, rotation: KeyRotationRow, place: SealedColumn, found: SealedRow, keys: DataKeys): Promise<Outcome> {
  const header = readSealHeader(found.sealed);
  if (header?.purpose !== rotation.purpose || header.version >= rotation.to_version) return 'other';
  const context = { table: place.table, column: place.column, row: found.row };
  const old = await keys.find(header.purpose, header.version, query);
  const next = await keys.find(rotation.purpose, rotation.to_version, query);
  const plaintext = old && openBytes(old, context, found.sealed);
  if (plaintext === undefined || next === undefined) return 'unreadable';
  await writeRow(query, place, found.row, sealBytes(next, { purpose: rotation.purpose, version: rotation.to_version }, context, plaintext));
  return 'done';
}

/** Where to go on after a group of rows: the same column, the next one, the next round, or nowhere. */
function advance(rotation: KeyRotationRow, rows: readonly SealedRow[], places: number, now: number): Partial<KeyRotationRow> | undefined {
  const last = rows.at(-1);
  if (rows.length === ROWS_AT_ONCE && last !== undefined) return { cursor: last.row };
  if (rotation.place + 1 < places) return { place: rotation.place + 1, cursor: '' };
  return rotation.round === LAST_ROUND ? undefined : { round: LAST_ROUND, place: 0, cursor: '', unreadable: 0, swept_at: now };
}

/** Drops the old versions, unless something is left that only they might open. */
async function finish(query: Query, { purpose, to_version }: KeyRotationRow, unreadable: number): Promise<void> {
  if (unreadable === 0) await query.deleteFrom('data_keys').where('purpose', '=', purpose).where('version', '<', to_version).execute();
  await query.deleteFrom('key_rotations').where('purpose', '=', purpose).execute();
}

export interface ResealStep {
  readonly state: 'more' | 'finished';
  readonly done: number;
  readonly unreadable: number;
}

/** Seals the next group of rows with the new key, and remembers how far that came, in one transaction: it can be cut off anywhere. */
export function resealNext({ database, keys, columns, now }: ResealDependencies, purpose: string): Promise<ResealStep> {
  return database.transaction(async (transaction) => {
    const rotation = await transaction.selectFrom('key_rotations').selectAll().where('purpose', '=', purpose).executeTakeFirst();
    if (rotation === undefined) return { state: 'finished', done: 0, unreadable: 0 };
    const place = columns[rotation.place];
    const rows = place === undefined ? [] : await readRows(transaction, database.kind, place, rotation.cursor);
    const outcomes: Outcome[] = [];
    for (const found of rows) if (place !== undefined) outcomes.push(await resealRow(transaction, rotation, place, found, keys));
    const count = (outcome: Outcome) => outcomes.filter((other) => other === outcome).length;
    const [done, unreadable] = [rotation.done + count('done'), rotation.unreadable + count('unreadable')];
    if (count('done') > 0) await countUses(transaction, { purpose, version: rotation.to_version }, count('done'));
    const next = advance(rotation, rows, columns.length, now());
    if (next === undefined) {
      await finish(transaction, rotation, unreadable);
      return { state: 'finished', done, unreadable };
    }
    await transaction
      .updateTable('key_rotations')
      .set({ done, unreadable, ...next })
      .where('purpose', '=', purpose)
      .execute();
    return { state: 'more', done, unreadable };
  });
}
