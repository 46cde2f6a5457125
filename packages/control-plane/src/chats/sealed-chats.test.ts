import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DataFolder, locateDataFolder, makeDataFolder, silentLogger, systemClock } from '@cluster-ai/runtime';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { noGivenKeys } from '../access/secrets/master-key.ts';
import { openSecrets } from '../access/secrets/secrets.ts';
import { finishRotations } from '../access/secrets/testing/open-test-secrets.ts';
import type { Database } from '../stores/database.ts';
import { openDatabase } from '../stores/open-database.ts';
import { findPostgresPrograms, startThrowawayPostgres, type ThrowawayPostgres } from '../stores/testing/throwaway-postgres.ts';
import { adoptLocalChats } from './chat-store.ts';
import { openTestChats, type TestChats } from './testing/open-test-chats.ts';

const never = new AbortController().signal;
const planted = 'a sentence that is planted';

const programs = await findPostgresPrograms();
let server: ThrowawayPostgres | undefined;
beforeAll(async () => {
  if (programs !== undefined) server = await startThrowawayPostgres(programs);
});
afterAll(() => server?.[Symbol.asyncDispose]());

const kinds: [string, () => Promise<string>][] = [['sqlite', async () => '']];
if (programs !== undefined) kinds.push(['postgres', async () => (await server?.createDatabase()) ?? '']);

describe.each(kinds)('sealed chats in %s', (kind, makeUrl) => {
  let root: string;
  let folder: DataFolder;
  let url: string;
  let database: Database;
  let chats: TestChats;

  const open = async (isOn: boolean) => {
    database = await openDatabase({ url, folder, log: silentLogger });
    chats = await openTestChats(database, { isOn });
  };
  const reopen = async (isOn: boolean) => {
    await database[Symbol.asyncDispose]();
    await open(isOn);
  };
  /** All that the database holds, as it holds it: its files, or all its rows. */
  async function readStored(): Promise<Buffer> {
    if (kind === 'sqlite') {
      const state = join(root, 'state');
      return Buffer.concat(await Promise.all((await readdir(state)).map((name) => readFile(join(state, name)))));
    }
    const rows = [
      ...(await database.query.selectFrom('chats').selectAll().execute()),
      ...(await database.query.selectFrom('chat_messages').selectAll().execute()),
    ];
    return Buffer.concat(rows.flatMap(({ sealed, ...row }) => [Buffer.from(JSON.stringify(row)), Buffer.from(sealed ?? '')]));
  }
  const list = (ownerId: string, search?: string) => chats.store.list({ ownerId, cursor: undefined, search });

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'sealed-chats-'));
    folder = locateDataFolder(root, {});
    makeDataFolder(folder);
    url = await makeUrl();
    await open(true);
  });
  afterEach(async () => {
    await database[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });

  test('are read, listed, searched, changed and answered as before, and nothing of them lies in the database', async () => {
    const id = await chats.add('ana', planted);
    const [question] = (await chats.store.get(id)).messages;
    const [answer] = await chats.store.append(id, [
      { chatId: id, parentId: question?.id ?? '', role: 'assistant', content: '', isComplete: false, answer: null },
    ]);
    if (answer === undefined) throw new Error('No answer was stored.');
    await chats.store.finish({ ...answer, content: `answer to ${planted}`, isComplete: true });
    await chats.store.update(id, { title: `Ünicode ${planted}`, isPinned: true });
    await chats.store.update(id, { options: { system: `other ${planted}` } });
    await reopen(true);
    expect(await chats.store.get(id)).toMatchObject({
      title: `Ünicode ${planted}`,
      isPinned: true,
      isReadable: true,
      options: { system: `other ${planted}` },
      messages: [{ content: planted }, { content: `answer to ${planted}`, isComplete: true }],
    });
    expect((await list('ana', 'üNICODE A')).chats.map((chat) => chat.id)).toEqual([id]);
    expect((await list('ana', 'nothing like it')).chats).toEqual([]);
    expect((await readStored()).includes('planted')).toBe(false);
  });

  test('a search looks at all titles, however many there are', async () => {
    await chats.add('ana', 'the oldest');
    for (let i = 0; i < 120; i++) await chats.store.create({ ownerId: 'ana', title: `chat ${i}`, model: 'm', options: {} });
    expect((await list('ana', 'oldest')).chats).toHaveLength(1);
    expect((await list('ana')).chats).toHaveLength(50);
  });

  test('do not open in another row, for another person, in another chat, or when their bytes were changed', async () => {
    const [one, two] = [await chats.add('ana', 'one'), await chats.add('ana', 'two')];
    const foreign = await chats.add('bia', 'of bia');
    const isReadable = async (id: string) => (await chats.store.get(id)).isReadable;
    const change = (work: Parameters<Database['transaction']>[0]) => database.transaction(work);
    await change((query) =>
      sql`update chats set sealed = (select other.sealed from chats other where other.id = ${two}) where id = ${one}`.execute(query),
    );
    expect(await isReadable(one)).toBe(false);
    expect((await list('ana')).chats.map(({ title }) => title).sort()).toEqual(['', 'two']);
    await expect(chats.store.update(one, { title: 'x' })).rejects.toMatchObject({ code: 'secret_unreadable' });

    await change((query) => query.updateTable('chats').set({ owner_id: 'ana' }).where('id', '=', foreign).execute());
    expect(await isReadable(foreign)).toBe(false);

    const third = await chats.store.create({ ownerId: 'ana', title: 'third', model: 'm', options: {} });
    await change((query) => query.updateTable('chat_messages').set({ chat_id: third.id }).where('chat_id', '=', two).execute());
    expect(await isReadable(third.id)).toBe(false);

    await change(async (query) => {
      const row = await query.selectFrom('chats').select('sealed').where('id', '=', two).executeTakeFirstOrThrow();
      const sealed = Buffer.from(row.sealed ?? '');
      sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
      await query.updateTable('chats').set({ sealed }).where('id', '=', two).execute();
    });
    expect(await isReadable(two)).toBe(false);
  });

  test('what nobody wrote becomes the first admin’s with its key; what is written afterwards gets another one', async () => {
    const id = await chats.add('local', 'before');
    await database.transaction((query) => adoptLocalChats(query, 'ana'));
    const later = await chats.add('local', 'after');
    expect(await chats.store.get(id)).toMatchObject({ title: 'before', messages: [{ content: 'before' }] });
    expect((await chats.store.get(later)).title).toBe('after');
    expect((await chats.keys.list()).map(({ ownerId }) => ownerId).sort()).toEqual(['ana', 'local']);
  });

  test('switched on, what is there is sealed in the background, and goes on where it was cut off; switched off, it is opened', async () => {
    await reopen(false);
    const ids: string[] = [];
    for (let i = 0; i < 120; i++) ids.push(await chats.add(i % 2 === 0 ? 'ana' : 'bia', `${planted} ${i}`));
    const check = async () => {
      for (const [i, id] of ids.entries())
        expect(await chats.store.get(id)).toMatchObject({
          title: `${planted} ${i}`,
          options: { system: `system of ${planted} ${i}` },
          messages: [{ content: `${planted} ${i}` }],
        });
    };
    expect((await readStored()).includes(planted)).toBe(true);

    await reopen(true);
    const stop = new AbortController();
    let transactions = 0;
    const transaction: Database['transaction'] = async (work, options) => {
      if (++transactions === 2) stop.abort();
      return database.transaction(work, options);
    };
    const cut = await openTestChats({ ...database, transaction });
    await cut.sealing.run(stop.signal);
    const { sealed, clear } = await chats.sealing.count();
    expect([sealed > 0, clear > 0, sealed + clear]).toEqual([true, true, 240]);
    await check();

    await reopen(true);
    await chats.sealing.run(never);
    expect(await chats.sealing.count()).toEqual({ wanted: 'sealed', sealed: 240, clear: 0 });
    await check();
    expect((await readStored()).includes(planted)).toBe(false);

    await reopen(false);
    await check();
    await chats.sealing.run(never);
    expect(await chats.sealing.count()).toEqual({ wanted: 'clear', sealed: 0, clear: 240 });
    await check();
  });

  test('a chat without its key is told apart, stays sealed, and does not keep others from being opened', async () => {
    const [lost, kept] = [await chats.add('bia', planted), await chats.add('ana', 'kept')];
    await database.transaction((query) => query.deleteFrom('chat_keys').where('owner_id', '=', 'bia').execute());
    await reopen(false);
    await chats.sealing.run(never);
    expect(await chats.store.get(lost)).toMatchObject({ title: '', isReadable: false, messages: [], options: {} });
    expect(await chats.store.get(kept)).toMatchObject({ title: 'kept' });
    expect(await chats.sealing.count()).toEqual({ wanted: 'clear', sealed: 2, clear: 2 });
  });

  test('a new data key and a new master key cover the keys of people', async () => {
    const open = () =>
      openSecrets({ database, secretsFolder: folder.secrets, given: noGivenKeys, clock: systemClock, log: silentLogger, settleMs: 0 });
    await database.transaction((query) => query.deleteFrom('master_keys').execute());
    await database.transaction((query) => query.deleteFrom('data_keys').execute());
    const secrets = await open();
    chats = await openTestChats(database, { secrets });
    const id = await chats.add('ana', planted);
    const [before] = await database.query.selectFrom('chat_keys').selectAll().execute();
    await secrets.rotateDataKeys();
    await finishRotations(secrets);
    await secrets.rotateMasterKey();
    const [after] = await database.query.selectFrom('chat_keys').selectAll().execute();
    expect(Buffer.from(after?.wrapped ?? '').equals(Buffer.from(before?.wrapped ?? ''))).toBe(false);
    chats = await openTestChats(database, { secrets: await open() });
    expect(await chats.store.get(id)).toMatchObject({ title: planted });
  });
});
