import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { silentLogger } from '@cluster-ai/runtime';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../open-database.ts';
import { describeDatabase } from '../testing/describe-database.ts';
import { canMountSmallDisk, runOnSmallDisk } from '../testing/on-small-disk.ts';
import { openSqlite } from './open-sqlite.ts';

async function makeFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'cluster-ai-sqlite-'));
}

describeDatabase('sqlite', async () => {
  const folder = await makeFolder();
  return {
    open: () => openSqlite(join(folder, 'cluster.db'), silentLogger),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
});

async function makeFile(): Promise<string> {
  const folder = await makeFolder();
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'state', 'cluster.db');
}

test('only its owner can read the file and its side files', async () => {
  const file = await makeFile();
  await using _database = await openDatabase({ url: '', folder: { database: file }, log: silentLogger });
  for (const name of [file, `${file}-wal`, `${file}-shm`]) expect((await stat(name)).mode & 0o777).toBe(0o600);
});

test('a file that is no database is `database_damaged` and names the file', async () => {
  const file = join(await makeFile(), '..', '..', 'broken.db');
  await writeFile(file, 'this is not a database, and it is long enough to be read as the head of one'.repeat(20));
  const open = openDatabase({ url: '', folder: { database: file }, log: silentLogger });
  await expect(open).rejects.toMatchObject({ code: 'database_damaged', message: expect.stringContaining('broken.db') });
});

test('a folder that cannot be made is `data_folder_unwritable`', async () => {
  const file = await makeFile();
  await writeFile(join(file, '..', '..', 'state'), 'a file where the folder should be');
  const open = openDatabase({ url: '', folder: { database: file }, log: silentLogger });
  await expect(open).rejects.toMatchObject({ code: 'data_folder_unwritable' });
});

test('an address of no known database is `config_invalid` and does not show the password', async () => {
  const open = openDatabase({ url: 'mysql://me:secret@host/name', folder: { database: '' }, log: silentLogger });
  await expect(open).rejects.toMatchObject({ code: 'config_invalid', message: expect.not.stringContaining('secret') });
});

test('a full transaction waits for the disk, a normal one does not', async () => {
  await using database = await openSqlite(await makeFile(), silentLogger);
  const ask = async (durability: 'full' | 'normal') => {
    const { rows } = await database.transaction((transaction) => sql`pragma synchronous`.execute(transaction), { durability });
    return rows[0];
  };
  expect(await ask('full')).toEqual({ synchronous: 2 });
  expect(await ask('normal')).toEqual({ synchronous: 1 });
  expect(await ask('full')).toEqual({ synchronous: 2 });
});

test('after kill -9 every row is there whose transaction had resolved', async () => {
  const file = await makeFile();
  for (const acknowledged of [1, 60, 300]) {
    await rm(join(file, '..'), { recursive: true, force: true });
    const script = join(import.meta.dirname, '../testing/acknowledge-writes.ts');
    const writer = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    for await (const chunk of writer.stdout) {
      printed += chunk;
      if (printed.split('\n').length > acknowledged) writer.kill('SIGKILL');
    }
    await using database = await openDatabase({ url: '', folder: { database: file }, log: silentLogger });
    const rows = await database.query.selectFrom('settings').select(['key', 'value_json']).execute();
    const lengths = new Map(rows.map(({ key, value_json }) => [key, value_json.length]));
    const last = Number(printed.trim().split('\n').at(-1));
    expect(last).toBeGreaterThanOrEqual(acknowledged - 1);
    for (let i = 0; i <= last; i++) expect(lengths.get(`key-${i}`)).toBe(i % 5000);
  }
});

/** The threads that are started while the work runs. */
async function catchThreads<T>(work: () => Promise<T>): Promise<{ result: T; threads: readonly Worker[] }> {
  const threads: Worker[] = [];
  const keep = (worker: Worker) => void threads.push(worker);
  process.on('worker', keep);
  const result = await work().finally(() => process.off('worker', keep));
  return { result, threads };
}

test('a thread that dies fails what it was doing, loses nothing that was committed, and is started again', async () => {
  const file = await makeFile();
  const { result, threads } = await catchThreads(() => openDatabase({ url: '', folder: { database: file }, log: silentLogger }));
  await using database = result;
  const write = (key: string) =>
    database.transaction((transaction) =>
      transaction.insertInto('settings').values({ key, value_json: '', updated_at: 1, revision: 1 }).execute(),
    );
  await write('before');
  const interrupted = database.transaction(async (transaction) => {
    await transaction.insertInto('settings').values({ key: 'lost', value_json: '', updated_at: 1, revision: 1 }).execute();
    const [thread] = threads;
    await Promise.all([once(thread as Worker, 'exit'), thread?.terminate()]);
    await transaction.selectFrom('settings').selectAll().execute();
  });
  await expect(interrupted).rejects.toMatchObject({ code: 'database_unavailable' });
  await write('after');
  expect(await database.query.selectFrom('settings').select('key').orderBy('key').execute()).toEqual([{ key: 'after' }, { key: 'before' }]);
});

test('while another process writes for long, ours waits and then says which database is held', async () => {
  const file = await makeFile();
  await using database = await openSqlite(file, silentLogger, { busyTimeoutMs: 50 });
  await using other = await openSqlite(file, silentLogger);
  const refused = other.transaction(async (transaction) => {
    await sql`create table held (id integer)`.execute(transaction);
    return database.transaction(async () => {}).catch((error: unknown) => error);
  });
  expect(await refused).toMatchObject({ code: 'database_unavailable', message: expect.stringContaining(file) });
});

test.skipIf(!(await canMountSmallDisk()))(
  'a full disk is `disk_full`, a read-only one `data_folder_unwritable`; what was committed stays',
  async () => {
    expect(await runOnSmallDisk(join(import.meta.dirname, '../testing/fill-database.ts'), 4)).toEqual({
      full: 'disk_full',
      isEveryRowKept: true,
      hasHealed: true,
      readOnly: 'data_folder_unwritable',
    });
  },
);
