import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { Query } from '../database.ts';
import { tableNames, unarchivedTables } from '../tables.ts';

const ROWS_AT_ONCE = 500;

type Row = Record<string, unknown>;

/** Bytes have no form in JSON; everything else that our tables hold has. */
const toLine = (row: Row) =>
  `${JSON.stringify(row, (key, value) => (row[key] instanceof Uint8Array ? { base64: Buffer.from(row[key]).toString('base64') } : value))}\n`;

function fromLine(line: string): Row {
  const row = JSON.parse(line) as Row;
  const toValue = (value: unknown) =>
    typeof value === 'object' && value !== null && 'base64' in value ? Buffer.from(String(value.base64), 'base64') : value;
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [key, toValue(value)]));
}

async function exportTable(transaction: Query, table: string, file: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await sql`declare rows no scroll cursor for select * from ${sql.table(table)}`.execute(transaction);
    for (;;) {
      const { rows } = await sql<Row>`fetch ${sql.lit(ROWS_AT_ONCE)} from rows`.execute(transaction);
      if (rows.length === 0) break;
      await handle.write(rows.map(toLine).join(''));
    }
    await sql`close rows`.execute(transaction);
  } finally {
    await handle.close();
  }
}

/** One file of JSON lines per table. */
export async function exportTables(transaction: Query, folder: string): Promise<readonly string[]> {
  const tables = tableNames.filter((table) => !unarchivedTables.includes(table));
  const names = tables.map((table) => `${table}.ndjson`);
  for (const table of tables) await exportTable(transaction, table, join(folder, `${table}.ndjson`));
  return names;
}

/** Reads what `exportTables` wrote into empty tables. An older export has fewer of them. */
export async function importTables(transaction: Query, folder: string): Promise<void> {
  const files = await readdir(folder);
  for (const table of tableNames.filter((name) => files.includes(`${name}.ndjson`))) {
    await using handle = await open(join(folder, `${table}.ndjson`));
    let rows: Row[] = [];
    const insert = async () => {
      if (rows.length > 0)
        await transaction
          .insertInto(table)
          .values(rows as never)
          .execute();
      rows = [];
    };
    for await (const line of handle.readLines({ autoClose: false })) {
      rows.push(fromLine(line));
      if (rows.length === ROWS_AT_ONCE) await insert();
    }
    await insert();
  }
}
