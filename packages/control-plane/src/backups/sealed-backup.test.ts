import { execFile } from 'node:child_process';
import { link, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type DataFolder, locateDataFolder, makeDataFolder, silentLogger, systemClock } from '@cluster-ai/runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { describeAct } from '../access/audit/act.ts';
import type { Caller } from '../access/caller.ts';
import { type OpenedPeople, openPeople } from '../access/people/open-people.ts';
import { createQuickHasher } from '../access/people/testing/quick-hasher.ts';
import { createPrivacy } from '../access/privacy/privacy.ts';
import { permissionsOf } from '../access/roles.ts';
import { noGivenKeys } from '../access/secrets/master-key.ts';
import { openSecrets, type Secrets } from '../access/secrets/secrets.ts';
import { adoptLocalChats } from '../chats/chat-store.ts';
import { openTestChats, type TestChats } from '../chats/testing/open-test-chats.ts';
import type { Database } from '../stores/database.ts';
import { openBlobStore } from '../stores/fs/open-blob-store.ts';
import { openDatabase } from '../stores/open-database.ts';
import { findPostgresPrograms, startThrowawayPostgres, type ThrowawayPostgres } from '../stores/testing/throwaway-postgres.ts';
import { createBackup } from './create-backup.ts';
import { type RestoreOptions, restoreBackup } from './restore-backup.ts';

const run = promisify(execFile);
const never = new AbortController().signal;
const host: Caller = {
  kind: 'host',
  id: 'host',
  ownerId: 'local',
  name: 'the owner of this machine',
  role: 'admin',
  permissions: permissionsOf('admin'),
  models: undefined,
};

interface Cluster extends AsyncDisposable {
  readonly folder: DataFolder;
  readonly database: Database;
  readonly secrets: Secrets;
  readonly chats: TestChats;
  readonly access: OpenedPeople;
}

async function openCluster(root: string, url: string): Promise<Cluster> {
  const folder = locateDataFolder(root, {});
  makeDataFolder(folder);
  const database = await openDatabase({ url, folder, log: silentLogger });
  const shared = { database, clock: systemClock, log: silentLogger };
  const secrets = await openSecrets({ ...shared, secretsFolder: folder.secrets, given: noGivenKeys });
  const access = await openPeople({
    ...shared,
    secrets,
    clusterName: 'lab',
    hasher: createQuickHasher(),
    adopt: adoptLocalChats,
    describeAct,
  });
  const chats = await openTestChats(database, { secrets });
  const close = async () => {
    await access[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  };
  return { folder, database, secrets, chats, access, [Symbol.asyncDispose]: close };
}

const programs = await findPostgresPrograms();
let server: ThrowawayPostgres | undefined;
beforeAll(async () => {
  if (programs !== undefined) server = await startThrowawayPostgres(programs);
});
afterAll(() => server?.[Symbol.asyncDispose]());

const kinds: [string, () => Promise<string>][] = [['sqlite', async () => '']];
if (programs !== undefined) kinds.push(['postgres', async () => (await server?.createEmptyDatabase()) ?? '']);

describe.each(kinds)('sealed chats in backups of %s', (_kind, makeUrl) => {
  let root: string;
  let backups: string;
  let cluster: Cluster;
  let bia: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'sealed-backup-'));
    backups = join(root, 'backups');
    await mkdir(backups);
    cluster = await openCluster(join(root, 'home'), await makeUrl());
    await writeFile(join(cluster.folder.secrets, 'ca.key'), 'of the authority', { mode: 0o600 });
    const { people } = cluster.access;
    await people.create({ name: 'ana', role: 'admin', displayName: '', email: null }, 'system');
    const made = await people.create({ name: 'bia', role: 'developer', displayName: 'planted-name', email: 'planted@example' }, 'system');
    bia = made.person.id;
  });
  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });

  async function backUp(folder = backups, name = `${Date.now()}.tar`): Promise<string> {
    const { database, secrets, chats, folder: home } = cluster;
    const blobs = await openBlobStore({ folder: home.blobs });
    const parts = { database, blobs, folder: home, secrets, keyRings: chats.keyRings, clock: systemClock, log: silentLogger };
    return (await createBackup({ ...parts, path: join(folder, name), includeModels: false }, never)).path;
  }
  const keyFile = () => join(root, 'home', 'secrets', 'master.key');
  const ringOf = async (folder: string) => {
    const [name] = (await readdir(folder)).filter((entry) => entry.endsWith('.sealed'));
    return join(folder, name ?? '');
  };
  async function restore(path: string, more: Partial<RestoreOptions> = {}) {
    const folder = join(root, 'restored');
    await rm(folder, { recursive: true, force: true });
    const databaseUrl = await makeUrl();
    const options = { path, folder, databaseUrl, force: false, keyFile: keyFile(), clock: systemClock, log: silentLogger, ...more };
    const restored = await restoreBackup(options, never);
    return { restored, again: await openCluster(folder, databaseUrl) };
  }
  function erase(name: string) {
    const { database, access, chats } = cluster;
    const nothing = { list: () => [], refresh: async () => {}, read: async function* () {} };
    const parts = { database, access, keys: nothing, audit: nothing, clock: systemClock, log: silentLogger, chatsDays: 0 };
    return createPrivacy({ ...parts, chats: chats.store, chatKeys: chats.keys, keyRings: chats.keyRings }).erase(name, host);
  }

  test('an archive has neither what was said nor the keys; with the key ring beside it everything is read again', async () => {
    const id = await cluster.chats.add(bia, 'planted-sentence');
    const keys = await cluster.database.query.selectFrom('chat_keys').selectAll().execute();
    const path = await backUp();
    const archive = await readFile(path);
    const raw = (await cluster.chats.keys.list()).map(({ key }) => key.export());
    const hidden = [Buffer.from('planted-sentence'), ...raw, ...keys.map(({ wrapped }) => Buffer.from(wrapped))];
    expect(hidden).toHaveLength(3);
    for (const content of [archive, await readFile(await ringOf(backups))])
      for (const bytes of hidden) expect(content.includes(bytes) || content.includes(bytes.toString('base64'))).toBe(false);

    const { restored, again } = await restore(path);
    await using _again = again;
    expect(restored).toMatchObject({ keyRing: await ringOf(backups), erasedAgain: 0, unreadableChats: 0 });
    expect(await again.chats.store.get(id)).toMatchObject({ title: 'planted-sentence', messages: [{ content: 'planted-sentence' }] });
    await again.chats.add(bia, 'goes on');
  });

  test('without the ring the chats are there, unreadable and counted; a ring elsewhere is named', async () => {
    const id = await cluster.chats.add(bia, 'planted-sentence');
    const path = await backUp();
    const elsewhere = join(root, 'elsewhere');
    await rename(await ringOf(backups), elsewhere);
    {
      const { restored, again } = await restore(path);
      await using _again = again;
      expect(restored).toMatchObject({ keyRing: null, unreadableChats: 1 });
      expect(await again.chats.store.get(id)).toMatchObject({ isReadable: false, title: '', messages: [] });
    }
    const { restored, again } = await restore(path, { keyRing: elsewhere });
    await using _again = again;
    expect(restored).toMatchObject({ keyRing: elsewhere, unreadableChats: 0 });
    expect(await again.chats.store.get(id)).toMatchObject({ title: 'planted-sentence' });
    await expect(restore(path, { keyRing: join(root, 'nowhere') })).rejects.toMatchObject({ code: 'file_not_found' });
  });

  test('whoever is erased is gone from older archives too: restored, they have no person, and their chats open no more', async () => {
    await cluster.chats.add(bia, 'planted-sentence');
    const kept = await cluster.chats.add('local', 'kept');
    const path = await backUp();
    const before = join(root, 'before');
    await link(await ringOf(backups), before); // the bytes on the disk, whatever takes their name
    const text = await readFile(before);
    const [key] = (await cluster.chats.keys.list()).filter(({ ownerId }) => ownerId === bia);

    expect(await erase('bia')).toMatchObject({ chats: 1, keyRings: { rewritten: 1, unreached: [] } });
    expect([text.length, await readFile(before)]).toEqual([text.length, Buffer.alloc(text.length)]);
    expect((await cluster.chats.keyRings.read()).keys.map(({ ownerId }) => ownerId)).toEqual(['local']);

    const { restored, again } = await restore(path);
    await using _again = again;
    expect(restored).toMatchObject({ erasedAgain: 1, unreadableChats: 0 });
    expect(again.access.people.list().map(({ name }) => name)).toEqual(['ana']);
    expect(await again.chats.keys.find(key?.id ?? '', bia)).toBeUndefined();
    expect(await again.database.query.selectFrom('chats').select('id').execute()).toEqual([{ id: kept }]);
    expect(await again.chats.store.get(kept)).toMatchObject({ title: 'kept' });
    expect(await again.database.query.selectFrom('erased_people').select('person_id').execute()).toEqual([{ person_id: bia }]);
    const state = join(root, 'restored', 'state');
    for (const name of await readdir(state)) expect((await readFile(join(state, name))).includes('planted')).toBe(false);
  });

  test('the thief of an older archive, with the master key and today’s key ring, reads nothing of who was erased', async () => {
    const id = await cluster.chats.add(bia, 'planted-sentence');
    const path = await backUp();
    await erase('bia');
    const unpacked = join(root, 'unpacked');
    await mkdir(unpacked);
    await run('tar', ['-xf', path, '-C', unpacked]);
    await rename(await ringOf(backups), join(root, 'ring')); // so that the rows come back as they were
    const { restored, again } = await restore(path);
    await using _again = again;
    expect(restored).toMatchObject({ erasedAgain: 0, unreadableChats: 1 });
    for (const { id: keyId, key, createdAt } of await cluster.chats.keys.list())
      await again.chats.keys.restore({ id: keyId, ownerId: bia, key, createdAt });
    expect(await again.chats.store.get(id)).toMatchObject({ isReadable: false, messages: [] });
    for (const name of await readdir(unpacked, { recursive: true, withFileTypes: true }))
      if (name.isFile()) expect((await readFile(join(name.parentPath, name.name))).includes('planted-sentence')).toBe(false);
  });

  test('what an erased person had adopted goes from archives of before the adoption', async () => {
    const id = await cluster.chats.add('local', 'planted-sentence');
    const path = await backUp();
    await cluster.database.transaction((query) => adoptLocalChats(query, bia));
    {
      const { again } = await restore(path);
      await using _again = again;
      expect(await again.chats.store.get(id)).toMatchObject({ title: 'planted-sentence' });
    }
    await erase('bia');
    const { restored, again } = await restore(path);
    await using _again = again;
    expect(restored.unreadableChats).toBe(0);
    expect(await again.database.query.selectFrom('chats').selectAll().execute()).toEqual([]);
  });

  test('a folder of backups that is away is told, and gets its ring later', async () => {
    await cluster.chats.add(bia, 'planted-sentence');
    await backUp();
    await rename(backups, `${backups}-away`);
    expect(await erase('bia')).toMatchObject({ keyRings: { rewritten: 0, unreached: [backups] } });
    await rename(`${backups}-away`, backups);
    const before = await readFile(await ringOf(backups), 'utf8');
    expect(await cluster.chats.keyRings.sync()).toMatchObject({ paths: [await ringOf(backups)], unreached: [] });
    expect(await readFile(await ringOf(backups), 'utf8')).not.toBe(before);
    expect(await cluster.chats.keyRings.sync()).toMatchObject({ unreached: [] });
  });

  test('a restored copy that goes on beside its original takes nothing from the ring that both write', async () => {
    await cluster.chats.add('ana', 'early');
    const path = await backUp();
    const late = await cluster.chats.add('carla', 'late');
    const second = await backUp(backups, 'second.tar');
    const { again } = await restore(path);
    await using _again = again;
    await again.database.transaction((query) => query.deleteFrom('chat_keys').where('owner_id', '=', 'carla').execute());
    await again.chats.add('dora', 'of the copy');
    expect(await again.chats.keyRings.sync()).toEqual({ paths: [await ringOf(backups)], unreached: [] });
    await again[Symbol.asyncDispose]();
    const { restored, again: third } = await restore(second);
    await using _third = third;
    expect(restored.unreadableChats).toBe(0);
    expect(await third.chats.store.get(late)).toMatchObject({ title: 'late' });
  });

  test('a ring follows the master key; one that does not open is refused, and never overwritten', async () => {
    await cluster.chats.add('ana', 'planted-sentence');
    const path = await backUp();
    const { id } = (await cluster.secrets.describe()).masterKey;
    await cluster.secrets.rotateMasterKey();
    await cluster.chats.keyRings.sync();
    const current = JSON.parse(await readFile(await ringOf(backups), 'utf8')).masterKeyId;
    expect(current).toBe((await cluster.secrets.describe()).masterKey.id);
    const retired = join(root, 'home', 'secrets', 'retired', `${id}.key`);
    await expect(restore(path, { keyFile: retired })).rejects.toMatchObject({
      code: 'secret_unreadable',
      message: expect.stringContaining(current),
    });
    const key = (await readFile(keyFile(), 'utf8')).trim();
    const { restored, again } = await restore(path, { keyFile: retired, given: { ...noGivenKeys, key } });
    expect(restored).toMatchObject({ unreadableChats: 0 });
    expect(await again.chats.keyRings.sync()).toMatchObject({ unreached: [] }); // it reads the ring that a later key sealed
    await again[Symbol.asyncDispose]();
    await cluster.chats.keyRings.sync();

    await writeFile(await ringOf(backups), 'not a ring');
    await expect(restore(path, { keyFile: retired })).rejects.toMatchObject({ code: 'digest_mismatch' });
    expect((await cluster.chats.keyRings.sync()).unreached).toEqual([backups]);
    const names = (await readdir(backups)).filter((name) => name.includes('key-ring'));
    expect(names).toEqual([expect.stringMatching(/\.sealed$/), expect.stringMatching(/\.sealed\.unreadable-\d+$/)]);
  });
});
