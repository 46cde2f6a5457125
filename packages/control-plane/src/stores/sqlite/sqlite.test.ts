import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@cluster-ai/runtime';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../open-database.ts';
import { describeDatabase } from '../testing/describe-database.ts';
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
