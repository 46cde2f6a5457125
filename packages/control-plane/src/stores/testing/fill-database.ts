import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isClusterError } from '@cluster-ai/contracts';
import { silentLogger } from '@cluster-ai/runtime';
import { openDatabase } from '../open-database.ts';

// Writes to a database on a small disk until that is full, makes room, writes again; then opens it on a disk that became read-only.

const disk = process.argv[2] ?? '';
const reserve = join(disk, 'reserve');
writeFileSync(reserve, Buffer.alloc(1024 * 1024));

const open = () => openDatabase({ url: '', folder: { database: join(disk, 'cluster.db') }, log: silentLogger });
const codeOf = (error: unknown) => (isClusterError(error) ? error.code : String(error));

const database = await open();
const write = (key: string, bytes = 40_000) =>
  database.transaction((transaction) =>
    transaction
      .insertInto('settings')
      .values({ key, value_json: 'x'.repeat(bytes), updated_at: 1, revision: 1 })
      .execute(),
  );
const count = async () => (await database.query.selectFrom('settings').select('key').execute()).length;

async function writeUntilItFails(prefix: string): Promise<{ written: number; code: string }> {
  for (let written = 0; ; written++) {
    try {
      await write(`${prefix}${written}`);
    } catch (error) {
      return { written, code: codeOf(error) };
    }
  }
}

const full = await writeUntilItFails('a');
const kept = await count();
rmSync(reserve);
await write('after', 10);
const healed = await count();

await database[Symbol.asyncDispose]();
execFileSync('mount', ['-o', 'remount,ro', disk]);
const readOnly = await open().catch(codeOf);
process.stdout.write(JSON.stringify({ full: full.code, isEveryRowKept: kept === full.written, hasHealed: healed === kept + 1, readOnly }));
