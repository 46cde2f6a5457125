import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createManualClock, type DataFolder, locateDataFolder, makeDataFolder, silentLogger, systemClock } from '@cluster-ai/runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../stores/database.ts';
import { openDatabase } from '../../stores/open-database.ts';
import { findPostgresPrograms, startThrowawayPostgres, type ThrowawayPostgres } from '../../stores/testing/throwaway-postgres.ts';
import { type GivenKeys, newMasterKey, noGivenKeys, takeGivenKeys } from './master-key.ts';
import { createNamedSecrets } from './named-secrets.ts';
import { openSecrets, type Secrets, type SecretsDependencies } from './secrets.ts';
import { finishRotations } from './testing/open-test-secrets.ts';

const DAY_MS = 24 * 60 * 60_000;
const text = (value: string) => Buffer.from(value, 'utf8');
const toBase64 = ({ key }: ReturnType<typeof newMasterKey>) => key.export().toString('base64');

let root: string;
let folder: DataFolder;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cluster-ai-secrets-'));
  folder = locateDataFolder(root, {});
  makeDataFolder(folder);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const keyFile = () => join(folder.secrets, 'master.key');

async function openParts(more: Partial<SecretsDependencies> = {}, url = '') {
  const database = more.database ?? (await openDatabase({ url, folder, log: silentLogger }));
  try {
    const secrets = await openSecrets({
      database,
      secretsFolder: folder.secrets,
      given: noGivenKeys,
      clock: systemClock,
      log: silentLogger,
      settleMs: 0,
      ...more,
    });
    const named = createNamedSecrets({ database, secrets, clock: systemClock });
    return { database, secrets, named, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}

const openWith = (given: Partial<GivenKeys>) => openParts({ given: { ...noGivenKeys, ...given } });

const versionsOf = async (secrets: Secrets) => (await secrets.describe()).dataKeys.map(({ version }) => version);

const readAll = (database: Database) => database.query.selectFrom('secrets').selectAll().orderBy('name').execute();

const programs = await findPostgresPrograms();
let server: ThrowawayPostgres | undefined;
beforeAll(async () => {
  if (programs !== undefined) server = await startThrowawayPostgres(programs);
});
afterAll(() => server?.[Symbol.asyncDispose]());

const kinds: [string, () => Promise<string>][] = [['sqlite', async () => '']];
if (programs !== undefined) kinds.push(['postgres', async () => (await server?.createDatabase()) ?? '']);

describe.each(kinds)('secrets in %s', (_kind, makeUrl) => {
  let parts: Awaited<ReturnType<typeof openParts>>;
  let url: string;
  beforeEach(async () => {
    url = await makeUrl();
    parts = await openParts({}, url);
  });
  afterEach(() => parts[Symbol.asyncDispose]());

  test('a secret comes back as it was put, is replaced and removed, and is never listed with its value', async () => {
    const { named } = parts;
    await named.put('registry.example', { value: 'tok €n', purpose: 'registry' });
    await named.put('mail', { value: 'first' });
    await named.put('mail', { value: 'second' });
    expect(await named.get('registry.example')).toBe('tok €n');
    expect(await named.get('mail')).toBe('second');
    const listed = await named.list();
    expect(listed).toMatchObject([
      { name: 'mail', purpose: 'other', keyVersion: 1 },
      { name: 'registry.example', purpose: 'registry', keyVersion: 1 },
    ]);
    expect(JSON.stringify(listed)).not.toMatch(/second|tok/);
    await named.remove('mail');
    await expect(named.get('mail')).rejects.toMatchObject({ code: 'secret_not_found' });
    await expect(named.remove('mail')).rejects.toMatchObject({ code: 'secret_not_found' });
  });

  test('nothing of a value lies in the database, and equal values do not look equal', async () => {
    const { named, database } = parts;
    await named.put('a', { value: 'the same value' });
    await named.put('b', { value: 'the same value' });
    const [a, b] = (await readAll(database)).map(({ sealed }) => Buffer.from(sealed));
    expect(a?.includes('the same value')).toBe(false);
    expect(a?.subarray(-14).equals(b?.subarray(-14) ?? Buffer.alloc(0))).toBe(false);
  });

  test('rows that change places do not open, nor do changed bytes, nor those of another purpose', async () => {
    const { named, database, secrets } = parts;
    await named.put('a', { value: 'for a' });
    await named.put('b', { value: 'for b' });
    const [a, b] = await readAll(database);
    const write = (name: string, sealed: Uint8Array) =>
      database.transaction((transaction) => transaction.updateTable('secrets').set({ sealed }).where('name', '=', name).execute());
    await write('a', b?.sealed ?? text(''));
    await expect(named.get('a')).rejects.toMatchObject({ code: 'secret_unreadable', message: expect.stringContaining('secrets.sealed') });
    for (const index of [0, 1, 5, (a?.sealed.length ?? 0) - 1, (a?.sealed.length ?? 0) - 20]) {
      const changed = Buffer.from(a?.sealed ?? text(''));
      changed[index] = (changed[index] ?? 0) ^ 1;
      await write('a', changed);
      await expect(named.get('a')).rejects.toMatchObject({ code: 'secret_unreadable' });
    }
    await write('a', text('short'));
    await expect(named.get('a')).rejects.toMatchObject({ code: 'secret_unreadable' });
    const context = { table: 'secrets', column: 'sealed', row: 'a' };
    await expect(secrets.open('another', context, a?.sealed ?? text(''))).rejects.toMatchObject({ code: 'secret_unreadable' });
  });

  test('what nobody would seal anew cannot be sealed', async () => {
    const seal = parts.secrets.seal('other', { table: 'people', column: 'seed', row: '1' }, text('x'));
    await expect(seal).rejects.toThrow('sealed-columns.ts');
  });

  test('a new data key seals at once, what was sealed before follows, and the old key goes', async () => {
    const { named, secrets, database } = parts;
    for (let i = 0; i < 250; i++) await named.put(`name-${i}`, { value: `value ${i}` });
    await secrets.rotateDataKeys();
    await expect(secrets.rotateDataKeys()).rejects.toMatchObject({ code: 'conflict' });
    await named.put('name-7', { value: 'written meanwhile' });
    expect((await named.list()).find(({ name }) => name === 'name-7')?.keyVersion).toBe(2);
    expect(await named.get('name-8')).toBe('value 8'); // still with the old one
    expect((await secrets.describe()).rotations).toMatchObject([{ purpose: 'named-secrets', toVersion: 2, phase: 'sealing', done: 0 }]);
    await finishRotations(secrets);
    expect(await versionsOf(secrets)).toEqual([2]);
    expect(new Set((await named.list()).map(({ keyVersion }) => keyVersion))).toEqual(new Set([2]));
    await using again = await openParts({}, url);
    for (let i = 0; i < 250; i++) expect(await again.named.get(`name-${i}`)).toBe(i === 7 ? 'written meanwhile' : `value ${i}`);
    await expect(secrets.rotateDataKeys('nothing')).rejects.toMatchObject({ code: 'secret_not_found' });
    expect(await database.query.selectFrom('key_rotations').selectAll().execute()).toEqual([]);
  });

  test('a value that was sealed with the old key and written late is still sealed anew before that key goes', async () => {
    const clock = createManualClock();
    await using late = await openParts({ clock, settleMs: 60_000 }, url);
    const { secrets, database, named } = late;
    await named.put('a', { value: 'before' });
    const sealed = await secrets.seal('named-secrets', { table: 'secrets', column: 'sealed', row: 'a' }, text('late'));
    await secrets.rotateDataKeys();
    const stop = new AbortController();
    const running = secrets.run(stop.signal);
    const phases = async () => (await secrets.describe()).rotations.map(({ phase }) => phase);
    await expect.poll(phases).toEqual(['settling']);
    await database.transaction((transaction) => transaction.updateTable('secrets').set({ sealed }).where('name', '=', 'a').execute());
    expect(await versionsOf(secrets)).toEqual([1, 2]);
    await expect
      .poll(async () => {
        await clock.advance(30_000);
        return phases();
      })
      .toEqual([]);
    stop.abort();
    await running;
    expect(await versionsOf(secrets)).toEqual([2]);
    expect(await named.get('a')).toBe('late');
  });

  test('while something does not open, the old data key is kept', async () => {
    const { named, secrets, database } = parts;
    await named.put('good', { value: 'good' });
    await named.put('bad', { value: 'bad' });
    const [bad] = await readAll(database);
    const sealed = Buffer.from(bad?.sealed ?? text(''));
    sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
    await database.transaction((transaction) => transaction.updateTable('secrets').set({ sealed }).where('name', '=', 'bad').execute());
    await secrets.rotateDataKeys();
    await finishRotations(secrets);
    expect(await versionsOf(secrets)).toEqual([1, 2]);
    expect(await named.get('good')).toBe('good');
  });

  test('uses are counted, never too few, and 2^31 of them or 90 days make a rotation due', async () => {
    const clock = createManualClock();
    await using aged = await openParts({ clock }, url);
    const { secrets, named, database } = aged;
    await named.put('a', { value: 'x' });
    const due = async () => (await secrets.describe()).dataKeys.map(({ uses, rotationDue }) => ({ isCounted: uses > 0, rotationDue }));
    expect(await due()).toEqual([{ isCounted: true, rotationDue: 'no' }]);
    await clock.advance(90 * DAY_MS);
    expect(await due()).toEqual([{ isCounted: true, rotationDue: 'age' }]);
    await database.transaction((transaction) =>
      transaction
        .updateTable('data_keys')
        .set({ uses: 2 ** 31 })
        .execute(),
    );
    expect(await due()).toEqual([{ isCounted: true, rotationDue: 'uses' }]);
    for (let i = 0; i < 1100; i++) await secrets.seal('named-secrets', { table: 'secrets', column: 'sealed', row: `${i}` }, text('x'));
    expect((await secrets.describe()).dataKeys[0]?.uses).toBeGreaterThanOrEqual(2 ** 31 + 1024);
  });

  test('without its key what was sealed for a purpose is gone', async () => {
    const { named, secrets } = parts;
    await named.put('a', { value: 'x' });
    await secrets.destroy('named-secrets');
    await expect(named.get('a')).rejects.toMatchObject({ code: 'secret_unreadable' });
    await named.put('a', { value: 'new' });
    expect(await named.get('a')).toBe('new');
  });

  test('a new master key wraps what there is, and the old one is kept aside', async () => {
    const { named, secrets } = parts;
    await named.put('a', { value: 'x' });
    const before = await readFile(keyFile(), 'utf8');
    const { id } = (await secrets.describe()).masterKey;
    await secrets.rotateMasterKey();
    await named.put('b', { value: 'y' });
    expect(await readFile(keyFile(), 'utf8')).not.toBe(before);
    expect(await readFile(join(folder.secrets, 'retired', `${id}.key`), 'utf8')).toBe(before);
    await using again = await openParts({}, url);
    expect([await again.named.get('a'), await again.named.get('b')]).toEqual(['x', 'y']);
    await writeFile(keyFile(), before);
    await expect(openParts({}, url)).rejects.toMatchObject({ code: 'secret_unreadable' });
  });

  test('while a backup has it, the master key is not replaced', async () => {
    const { secrets } = parts;
    await secrets.withMasterKey(async () => {
      await expect(secrets.rotateMasterKey()).rejects.toMatchObject({ code: 'conflict' });
    });
    await secrets.rotateMasterKey();
  });
});

describe('the master key', () => {
  test('is made at the first start, for its owner alone', async () => {
    await using parts = await openParts();
    expect((await stat(keyFile())).mode & 0o777).toBe(0o600);
    expect(Buffer.from(await readFile(keyFile(), 'utf8'), 'base64')).toHaveLength(32);
    expect((await parts.secrets.describe()).masterKey).toMatchObject({ source: 'file', id: expect.stringMatching(/^[0-9a-f]{16}$/) });
  });

  test('a wrong key is noticed at the start, and nothing is changed', async () => {
    const right = newMasterKey();
    {
      await using parts = await openWith({ key: toBase64(right) });
      await parts.named.put('a', { value: 'x' });
    }
    await using database = await openDatabase({ url: '', folder, log: silentLogger });
    const rows = async () => [
      await database.query.selectFrom('master_keys').selectAll().execute(),
      await database.query.selectFrom('data_keys').selectAll().execute(),
    ];
    const before = await rows();
    const error = {
      code: 'secret_unreadable',
      message: expect.stringContaining(right.id),
      hint: expect.stringContaining('Nothing was changed'),
    };
    await expect(openWith({ key: toBase64(newMasterKey()) })).rejects.toMatchObject(error);
    await expect(openWith({})).rejects.toMatchObject(error); // none at all: no new one is made
    await writeFile(keyFile(), toBase64(newMasterKey()), { mode: 0o600 });
    await expect(openWith({})).rejects.toMatchObject(error);
    expect(await rows()).toEqual(before);
    expect(await readdir(folder.secrets)).toEqual(['master.key']);
    await using again = await openWith({ key: toBase64(right) });
    expect(await again.named.get('a')).toBe('x');
  });

  test('a state that lost its canary is not sealed with another key', async () => {
    await using parts = await openParts();
    await parts.named.put('a', { value: 'x' });
    await parts.database.transaction((transaction) => transaction.deleteFrom('master_keys').execute());
    await expect(openParts()).rejects.toMatchObject({ code: 'secret_unreadable' });
  });

  test('comes from a credential, else from the environment, else from the file', async () => {
    const [credential, variable] = [newMasterKey(), newMasterKey()];
    const credentials = join(root, 'credentials');
    makeDataFolder(locateDataFolder(credentials, {}));
    await writeFile(join(credentials, 'cluster-ai-key'), credential.key.export());
    await writeFile(keyFile(), toBase64(newMasterKey()), { mode: 0o600 });
    {
      await using parts = await openWith({ credentials, key: toBase64(variable) });
      expect((await parts.secrets.describe()).masterKey).toMatchObject({ source: 'credential', id: credential.id });
      await expect(parts.secrets.rotateMasterKey()).rejects.toMatchObject({ code: 'conflict' });
    }
    await rm(folder.database);
    await using parts = await openWith({ credentials: root, key: `${toBase64(variable)}\n` });
    expect((await parts.secrets.describe()).masterKey).toMatchObject({ source: 'environment', id: variable.id });
  });

  test('with the earlier key beside it, another key takes over at the start', async () => {
    const [old, next] = [newMasterKey(), newMasterKey()];
    {
      await using parts = await openWith({ key: toBase64(old) });
      await parts.named.put('a', { value: 'x' });
    }
    {
      await using parts = await openWith({ key: toBase64(next), previousKey: toBase64(old) });
      expect(await parts.named.get('a')).toBe('x');
    }
    await using again = await openWith({ key: toBase64(next) });
    expect(await again.named.get('a')).toBe('x');
    await expect(openWith({ key: toBase64(old) })).rejects.toMatchObject({ code: 'secret_unreadable' });
  });

  test('is taken out of the environment, so that no child inherits it', () => {
    const environment = { PATH: '/bin', CLUSTER_AI_KEY: 'k', CLUSTER_AI_KEY_PREVIOUS: 'p', CREDENTIALS_DIRECTORY: '/c' };
    expect(takeGivenKeys(environment)).toEqual({ key: 'k', previousKey: 'p', credentials: '/c' });
    expect(environment).toEqual({ PATH: '/bin' });
  });

  test('a key file that others can read, that is a link, a folder or no key is refused, and says what to do', async () => {
    {
      await using _parts = await openParts();
    }
    for (const mode of [0o640, 0o604, 0o660]) {
      await chmod(keyFile(), mode);
      await expect(openParts()).rejects.toMatchObject({
        code: 'master_key_refused',
        message: expect.stringContaining(`mode 0${mode.toString(8)}`),
        hint: expect.stringContaining(`chmod 600 ${keyFile()}`),
      });
    }
    const content = await readFile(keyFile());
    await rm(keyFile());
    await writeFile(join(root, 'elsewhere'), content, { mode: 0o600 });
    await symlink(join(root, 'elsewhere'), keyFile());
    await expect(openParts()).rejects.toMatchObject({ code: 'master_key_refused', message: expect.stringContaining('symbolic link') });
    await rm(keyFile());
    for (const wrong of ['', 'short', 'x'.repeat(31), `${toBase64(newMasterKey())}AAAA`, '!'.repeat(44)]) {
      await writeFile(keyFile(), wrong, { mode: 0o600 });
      const opening = openParts();
      await expect(opening).rejects.toMatchObject({ code: 'master_key_refused' });
      await expect(opening).rejects.not.toMatchObject({ message: expect.stringContaining(wrong || 'nothing') });
    }
    expect(await readFile(keyFile(), 'utf8')).toBe('!'.repeat(44));
  });

  test.runIf(process.getuid?.() === 0)('a key file of another user is refused (only root can try that)', async () => {
    {
      await using _parts = await openParts();
    }
    const { chown } = await import('node:fs/promises');
    await chown(keyFile(), 12_345, 12_345);
    await expect(openParts()).rejects.toMatchObject({ code: 'master_key_refused', message: expect.stringContaining('another user') });
  });

  test('is not printed with the objects that hold it', async () => {
    const { inspect } = await import('node:util');
    const master = newMasterKey();
    expect(inspect(master, { depth: 9, showHidden: true }) + JSON.stringify(master)).not.toContain(toBase64(master));
  });
});

/** Starts the script and kills it a moment after it has printed what is waited for, or lets it end. */
async function runAndKill(what: string, isTime: (printed: string) => boolean): Promise<void> {
  const script = join(import.meta.dirname, 'testing/rotate-in-process.ts');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, root, what], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  let killing: NodeJS.Timeout | undefined;
  for await (const chunk of child.stdout) {
    printed += chunk;
    if (isTime(printed)) killing ??= setTimeout(() => child.kill('SIGKILL'), Math.random() * 30);
  }
  clearTimeout(killing);
}

describe('after kill -9', () => {
  const COUNT = 1000;
  const never = () => false;
  /** Whether so many values were sealed anew. */
  const hasDone = (count: number) => (printed: string) => printed.split('\n').some((line) => /^\d+$/.test(line) && Number(line) >= count);

  async function fill(): Promise<void> {
    await using parts = await openParts();
    const rows = await Promise.all(
      Array.from({ length: COUNT }, async (_, i) => {
        const name = `name-${i}`;
        const sealed = await parts.secrets.seal('named-secrets', { table: 'secrets', column: 'sealed', row: name }, text(`value ${i}`));
        return { name, purpose: 'other', sealed, created_at: 1, changed_at: 1, revision: 1 };
      }),
    );
    await parts.database.transaction((transaction) => transaction.insertInto('secrets').values(rows).execute());
  }

  async function readEverything() {
    await using parts = await openParts();
    for (const { name } of await parts.named.list()) expect(await parts.named.get(name)).toBe(name.replace('name-', 'value '));
    return await parts.secrets.describe(); // awaited here, before the database is closed
  }

  test('in the middle of a new data key: everything is readable at each point, and the old key is gone at the end', async () => {
    await fill();
    const cutAt: number[] = [];
    for (const count of [0, 100, 200, 500, 800, COUNT]) {
      await runAndKill(count === 0 ? 'begin' : 'go on', hasDone(count));
      const { rotations } = await readEverything();
      cutAt.push(rotations[0]?.done ?? COUNT);
    }
    expect(
      cutAt.filter((done) => done > 0 && done < COUNT),
      `cut at ${cutAt.join(', ')}`,
    ).not.toEqual([]);
    await runAndKill('go on', never);
    const { rotations, dataKeys } = await readEverything();
    expect(rotations).toEqual([]);
    expect(dataKeys.map(({ version }) => version)).toEqual([2]);
  }, 120_000);

  test('in the middle of a new master key: the next start finds the right one, every time', async () => {
    {
      await using parts = await openParts();
      await parts.named.put('a', { value: 'x' });
    }
    for (let round = 0; round < 10; round++) {
      await runAndKill('master', (printed) => printed.split('\n').length > 1 + (round % 3));
      await using parts = await openParts();
      expect(await parts.named.get('a')).toBe('x');
      expect(await readdir(folder.secrets)).not.toContain('master.key.next');
      expect((await stat(keyFile())).mode & 0o777).toBe(0o600);
    }
  }, 120_000);
});
