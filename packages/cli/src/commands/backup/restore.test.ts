import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { locateDataFolder, makeDataFolder, silentLogger, systemClock } from '@cluster-ai/runtime';
import { expect, test } from 'vitest';
import { eraseRowsOf } from '../../../../control-plane/src/access/privacy/erase-rows.ts';
import { noGivenKeys } from '../../../../control-plane/src/access/secrets/master-key.ts';
import { openSecrets } from '../../../../control-plane/src/access/secrets/secrets.ts';
import { createBackup } from '../../../../control-plane/src/backups/create-backup.ts';
import { openTestChats } from '../../../../control-plane/src/chats/testing/open-test-chats.ts';
import { openBlobStore } from '../../../../control-plane/src/stores/fs/open-blob-store.ts';
import { openDatabase } from '../../../../control-plane/src/stores/open-database.ts';
import { Bench } from '../../../fixtures/run-program.ts';

const bia = {
  id: 'person_bia',
  kind: 'person',
  name: 'bia',
  display_name: '',
  email: null,
  role: 'viewer',
  state: 'active',
  password_hash: null,
  created_at: 1,
  last_sign_in_at: null,
  models_json: null,
  limits_json: '{}',
  revision: 1,
} as const;

/** A backup with a sealed chat of somebody who was erased since, and one of somebody else. */
async function makeBackup(root: string) {
  const folder = locateDataFolder(root, {});
  makeDataFolder(folder);
  const parts = { clock: systemClock, log: silentLogger };
  await using database = await openDatabase({ url: '', folder, log: silentLogger });
  const secrets = await openSecrets({ ...parts, database, secretsFolder: folder.secrets, given: noGivenKeys });
  await writeFile(join(folder.secrets, 'ca.key'), 'of the authority', { mode: 0o600 });
  const chats = await openTestChats(database, { secrets });
  await database.transaction((query) => query.insertInto('people').values(bia).execute());
  await chats.add(bia.id, 'of bia');
  await chats.add('person_ana', 'of ana');
  const blobs = await openBlobStore({ folder: folder.blobs });
  const { keyRings } = chats;
  const wish = { path: join(root, 'all.tar'), includeModels: false };
  const made = await createBackup({ ...parts, ...wish, database, blobs, folder, secrets, keyRings }, new AbortController().signal);
  await database.transaction((query) => eraseRowsOf(query, bia.id, 1));
  await keyRings.sync();
  return { ...made, keyFile: join(folder.secrets, 'master.key') };
}

test('a restore says who was erased again; without the key ring, who is back and what cannot be read', async () => {
  await using bench = new Bench();
  const { path, keyRing, keyFile } = await makeBackup(join(bench.folder, 'home'));
  const restore = (name: string) => bench.run(['backup', 'restore', path, '--data-dir', join(bench.folder, name), '--key-file', keyFile]);
  const first = await restore('first');
  expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining('were erased again: 1.') });
  expect(first.stdout).not.toMatch(/cannot be read|no key ring/);
  await rm(keyRing);
  const second = await restore('second');
  expect(second).toMatchObject({ code: 0, stdout: expect.stringContaining('There was no key ring beside the backup') });
  expect(second.stdout).toContain('Sealed chats that cannot be read: 2.');
});
