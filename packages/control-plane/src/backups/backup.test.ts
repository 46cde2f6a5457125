import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inspectFakeModel } from '@cluster-ai/formats';
import { type DataFolder, locateDataFolder, makeDataFolder, silentLogger, systemClock } from '@cluster-ai/runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newMasterKey, noGivenKeys, parseMasterKey } from '../access/secrets/master-key.ts';
import { createNamedSecrets, type NamedSecrets } from '../access/secrets/named-secrets.ts';
import { openSecrets, type Secrets } from '../access/secrets/secrets.ts';
import { openTestChats, type TestChats } from '../chats/testing/open-test-chats.ts';
import { createEventBus } from '../observability/event-bus.ts';
import { openRegistry } from '../registry/open-registry.ts';
import type { Registry } from '../registry/registry.ts';
import type { BlobStore } from '../stores/blob-store.ts';
import type { Database } from '../stores/database.ts';
import { openBlobStore } from '../stores/fs/open-blob-store.ts';
import { openDatabase } from '../stores/open-database.ts';
import { tableNames } from '../stores/tables.ts';
import { findPostgresPrograms, startThrowawayPostgres, type ThrowawayPostgres } from '../stores/testing/throwaway-postgres.ts';
import { deriveArchiveKeys, signManifest } from './archive-seal.ts';
import { createBackup } from './create-backup.ts';
import { type RestoreOptions, restoreBackup } from './restore-backup.ts';

const run = promisify(execFile);
const never = new AbortController().signal;

interface Cluster extends AsyncDisposable {
  readonly folder: DataFolder;
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly registry: Registry;
  readonly secrets: Secrets;
  readonly named: NamedSecrets;
  readonly keyRings: TestChats['keyRings'];
}

async function openCluster(root: string, url = ''): Promise<Cluster> {
  const folder = locateDataFolder(root, {});
  makeDataFolder(folder);
  const database = await openDatabase({ url, folder, log: silentLogger });
  const blobs = await openBlobStore({ folder: folder.blobs });
  const secrets = await openSecrets({
    database,
    secretsFolder: folder.secrets,
    given: noGivenKeys,
    clock: systemClock,
    log: silentLogger,
  });
  const named = createNamedSecrets({ database, secrets, clock: systemClock });
  const events = createEventBus({ firstId: 1 });
  const registry = await openRegistry({ database, blobs, events, clock: systemClock, log: silentLogger, inspect: inspectFakeModel });
  const { keyRings } = await openTestChats(database, { secrets });
  return { folder, database, blobs, registry, secrets, named, keyRings, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
}

const digestOf = async (path: string) =>
  `sha256:${createHash('sha256')
    .update(await readFile(path))
    .digest('hex')}`;

async function readRows(database: Database): Promise<Record<string, unknown>> {
  const tables = await Promise.all(
    tableNames.map(async (table) => [table, await database.query.selectFrom(table).selectAll().execute()] as const),
  );
  return JSON.parse(JSON.stringify(Object.fromEntries(tables)));
}

let root: string;
let backups: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cluster-ai-backup-'));
  backups = join(root, 'backups');
  await mkdir(backups);
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function addScript({ registry }: Cluster, name: string, inPlace = false): Promise<string> {
  const path = join(root, `${name}.fake.json`);
  await writeFile(path, JSON.stringify({ fake: 1, text: `I am ${name}.` }));
  await registry.add({ name, path, description: '', inPlace }, never);
  return path;
}

/** A cluster with two models, a secret, a configuration and a chat. */
async function makeCluster(url = ''): Promise<Cluster> {
  const cluster = await openCluster(join(root, 'home'), url);
  await addScript(cluster, 'stored');
  await addScript(cluster, 'in-place', true);
  await writeFile(join(cluster.folder.secrets, 'ca.key'), 'a very secret key', { mode: 0o600 });
  await writeFile(join(cluster.folder.agent, 'identity.json'), '{"node":"me"}');
  await mkdir(join(cluster.folder.agent, 'weights'));
  await writeFile(join(cluster.folder.agent, 'weights', 'cached'), 'fetched again when needed');
  await writeFile(cluster.folder.config, "version: '1.0' # mine\n");
  await cluster.named.put('registry', { value: 'a very secret token' });
  await addChat(cluster, 'first');
  return cluster;
}

const addChat = ({ database }: Pick<Cluster, 'database'>, id: string) =>
  database.transaction((transaction) =>
    transaction
      .insertInto('chats')
      .values({
        id,
        title: 'Olá 😀\n"you"',
        model: 'stored',
        created_at: 1,
        updated_at: 1,
        head_id: null,
        is_pinned: 0,
        owner_id: 'local',
        options_json: '{}',
      })
      .execute(),
  );

const backUp = (cluster: Cluster, path = backups, includeModels = true, signal = never) =>
  createBackup({ ...cluster, clock: systemClock, log: silentLogger, path, includeModels }, signal);

/** As on another machine to which somebody brought the key. */
const restore = (path: string, more: Partial<RestoreOptions> & { signal?: AbortSignal } = {}) => {
  const keyFile = join(root, 'home', 'secrets', 'master.key');
  return restoreBackup(
    { path, folder: join(root, 'new-home'), force: false, keyFile, clock: systemClock, log: silentLogger, ...more },
    more.signal ?? never,
  );
};

test('a restored cluster is the one that was backed up: rows, secrets, configuration, and models by their digest', async () => {
  await using cluster = await makeCluster();
  const backup = await backUp(cluster);
  const rows = await readRows(cluster.database);
  const restored = await restore(backup.path);
  expect(restored).toMatchObject({ includesModels: true, missing: [], previous: null, files: backup.files });

  const folder = locateDataFolder(join(root, 'new-home'), {});
  expect(await readFile(join(folder.secrets, 'ca.key'), 'utf8')).toBe('a very secret key');
  for (const name of ['ca.key', 'master.key']) expect((await stat(join(folder.secrets, name))).mode & 0o777).toBe(0o600);
  expect(await readFile(join(folder.agent, 'identity.json'), 'utf8')).toBe('{"node":"me"}');
  expect(await readFile(folder.config, 'utf8')).toBe("version: '1.0' # mine\n");
  await using again = await openCluster(join(root, 'new-home'));
  expect(await readRows(again.database)).toEqual(rows);
  expect(await again.named.get('registry')).toBe('a very secret token');
  for (const name of ['stored', 'in-place']) {
    const { path, file } = await again.registry.resolve(name);
    expect(await digestOf(path)).toBe(file.digest);
  }
});

test('what was used in place elsewhere is taken from the backup when it is not there any more', async () => {
  await using cluster = await makeCluster();
  const backup = await backUp(cluster);
  await rm(join(root, 'in-place.fake.json'));
  await restore(backup.path);
  await using again = await openCluster(join(root, 'new-home'));
  const { path, file } = await again.registry.resolve('in-place');
  expect(path.startsWith(again.folder.blobs)).toBe(true);
  expect(await digestOf(path)).toBe(file.digest);
});

test('says what it wrote: size, digest and number of files; only its owner can read it; any tar can list it', async () => {
  await using cluster = await makeCluster();
  const backup = await backUp(cluster);
  expect(backup).toMatchObject({ digest: await digestOf(backup.path), sizeBytes: (await stat(backup.path)).size, files: 6 });
  expect(backup.path).toMatch(/backups\/cluster-ai-backup-\d{8}T\d{6}Z\.tar$/);
  expect((await stat(backup.path)).mode & 0o777).toBe(0o600);
  const { stdout } = await run('tar', ['-tf', backup.path]);
  expect(stdout.split('\n').slice(0, 4)).toEqual(['manifest.json', 'manifest.json.sha256', 'manifest.json.hmac', 'state/cluster.db']);
  expect(await readdir(backups)).toEqual([
    expect.stringMatching(/\.tar$/),
    expect.stringMatching(/^cluster-ai-key-ring-[0-9a-f]{16}\.sealed$/),
  ]);
});

test('without models only the state is kept, and a restored model says that its file is gone', async () => {
  await using cluster = await makeCluster();
  const backup = await backUp(cluster, join(backups, 'small.tar'), false);
  expect(backup.files).toBe(4);
  expect(await restore(backup.path)).toMatchObject({ includesModels: false });
  await using again = await openCluster(join(root, 'new-home'));
  await expect(again.registry.resolve('stored')).rejects.toMatchObject({ code: 'blob_not_found' });
});

test('while chats are written and models come and go, a backup is one moment: every row in it has its bytes', async () => {
  await using cluster = await makeCluster();
  let isOver = false;
  const write = async () => {
    for (let i = 0; !isOver; i++) await addChat(cluster, `chat-${i}`);
  };
  const churn = async () => {
    for (let i = 0; !isOver; i++) {
      await addScript(cluster, `churn-${i % 3}`);
      await cluster.registry.remove(`churn-${i % 3}`);
    }
  };
  const work = Promise.all([write(), churn()]);
  const made = [];
  for (let i = 0; i < 4; i++) made.push(await backUp(cluster, join(backups, `${i}.tar`)));
  isOver = true;
  await work;
  for (const [i, { path }] of made.entries()) {
    await restore(path, { folder: join(root, `restored-${i}`) });
    await using again = await openCluster(join(root, `restored-${i}`));
    for (const { name } of await again.registry.list()) {
      const { path: file, file: wanted } = await again.registry.resolve(name);
      expect(await digestOf(file)).toBe(wanted.digest);
    }
  }
});

test('nobody can change rows between the moment when the files of models are held and the moment of the snapshot', async () => {
  await using cluster = await makeCluster();
  let attempt: unknown;
  const snapshot: Database['snapshot'] = async (folder, onTaken) => {
    for (let i = 0; i < 50; i++) await new Promise(setImmediate); // whoever does not wait for us has gone on by now
    attempt = await cluster.database.transaction(async () => {}).catch((error: unknown) => error);
    return cluster.database.snapshot(folder, onTaken);
  };
  await backUp({ ...cluster, database: { ...cluster.database, snapshot } });
  expect(attempt).toMatchObject({ message: expect.stringContaining('begun inside another one') });
});

test('a flipped byte in any file is refused with its name, and nothing is changed', async () => {
  await using cluster = await makeCluster();
  const { path } = await backUp(cluster);
  const { stdout } = await run('tar', ['-tRvf', path]); // "block 4: -rw------- 0/0  123 date time name"
  const entries = [...stdout.matchAll(/^block (\d+): \S+ \S+\s+(\d+) \S+ \S+ (\S+)$/gm)];
  expect(entries).toHaveLength(9);
  for (const [, block, size, name] of entries) {
    const damaged = join(root, 'damaged.tar');
    await copyFile(path, damaged);
    const handle = await open(damaged, 'r+');
    const position = (Number(block) + 1) * 512 + Math.floor(Number(size) / 2);
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, position);
    await handle.write(Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, position);
    await handle.close();
    const shown = { 'manifest.json.sha256': 'manifest.json', 'manifest.json.hmac': 'was changed' }[String(name)] ?? String(name);
    await expect(restore(damaged)).rejects.toMatchObject({ code: 'digest_mismatch', message: expect.stringContaining(shown) });
  }
  expect((await readdir(root)).filter((name) => name.startsWith('new-home'))).toEqual([]);
});

test('a backup that was cut anywhere is refused', async () => {
  await using cluster = await makeCluster();
  const { path, sizeBytes } = await backUp(cluster);
  for (const share of [0, 0.01, 0.3, 0.6, 0.9, 0.99]) {
    const cut = join(root, 'cut.tar');
    await copyFile(path, cut);
    await truncate(cut, Math.floor(sizeBytes * share));
    await expect(restore(cut)).rejects.toMatchObject({ code: 'digest_mismatch' });
  }
  expect((await readdir(root)).filter((name) => name.startsWith('new-home'))).toEqual([]);
});

/** An archive of our form with a manifest of somebody else's making: of one who has the key, or of one who has not. */
async function forge(change: (manifest: Record<string, unknown>) => void, hasKey = true): Promise<string> {
  await using cluster = await makeCluster();
  const { path } = await backUp(cluster);
  const folder = join(root, 'forged');
  await mkdir(folder);
  await run('tar', ['-xf', path, '-C', folder]);
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
  change(manifest);
  const text = JSON.stringify(manifest);
  await writeFile(join(folder, 'manifest.json'), text);
  await writeFile(join(folder, 'manifest.json.sha256'), `sha256:${createHash('sha256').update(text).digest('hex')}`);
  if (hasKey) {
    const master = parseMasterKey(await readFile(join(cluster.folder.secrets, 'master.key')), '');
    const { manifest: key } = deriveArchiveKeys(master, JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')).seal);
    await writeFile(join(folder, 'manifest.json.hmac'), signManifest(key, text));
  }
  const forged = join(root, 'forged.tar');
  const { stdout } = await run('tar', ['-tf', path]);
  await run('tar', ['-cf', forged, '-C', folder, '--format=ustar', ...stdout.trim().split('\n')]);
  return forged;
}

test.each(['../outside', '/etc/passwd', 'secrets/../../outside', 'blobs/x', 'secrets/./a', 'run/pid', 'secrets/a\u0000b'])(
  'a file that wants to go to %j makes the archive none of ours',
  async (name) => {
    const forged = await forge((manifest) => {
      manifest['files'] = [{ name, sizeBytes: 1, digest: `sha256:${'0'.repeat(64)}` }];
    });
    await expect(restore(forged)).rejects.toMatchObject({ code: 'invalid_request' });
  },
);

test('a file that the manifest names and the archive lacks is missed, and one that it does not name is refused', async () => {
  const lacking = await forge((manifest) => {
    manifest['files'] = [...(manifest['files'] as object[]), { name: 'secrets/lost', sizeBytes: 1, digest: `sha256:${'0'.repeat(64)}` }];
  });
  await expect(restore(lacking)).rejects.toMatchObject({
    code: 'digest_mismatch',
    message: expect.stringContaining('secrets/lost is missing'),
  });
  await rm(join(root, 'home'), { recursive: true });
  await rm(join(root, 'forged'), { recursive: true });
  await rm(backups, { recursive: true });
  await mkdir(backups);
  const unnamed = await forge((manifest) => {
    manifest['files'] = (manifest['files'] as { name: string }[]).filter(({ name }) => name !== 'sealed/secrets/ca.key');
  });
  await expect(restore(unnamed)).rejects.toMatchObject({ code: 'digest_mismatch', message: expect.stringContaining('secrets/ca.key') });
});

test('attack 53: a stolen archive gives no secret: neither keys nor tokens nor passwords lie in it in clear', async () => {
  await using cluster = await makeCluster();
  const password = 'postgres://me:hidden-password@db/state';
  await writeFile(cluster.folder.config, `# database: ${password}\n`);
  await cluster.secrets.rotateMasterKey();
  const { path, masterKeyId } = await backUp(cluster);
  const archive = await readFile(path);
  const keys = await readdir(cluster.folder.secrets, { recursive: true, withFileTypes: true });
  const masterKeys = await Promise.all(
    keys
      .filter((entry) => /^(master|[0-9a-f]{16})\.key$/.test(entry.name))
      .map((entry) => readFile(join(entry.parentPath, entry.name), 'utf8')),
  );
  expect(masterKeys).toHaveLength(2);
  const planted = ['a very secret key', 'a very secret token', 'hidden-password', '{"node":"me"}', ...masterKeys.map((key) => key.trim())];
  const forms = planted.flatMap((text) => [
    Buffer.from(text),
    Buffer.from(text, 'base64'),
    Buffer.from(Buffer.from(text).toString('base64')),
  ]);
  expect(forms.filter((bytes) => bytes.length > 8 && archive.includes(bytes)).map(String)).toEqual([]);
  expect((await run('tar', ['-tf', path])).stdout).not.toMatch(/master\.key|retired/);
  expect((await cluster.secrets.describe()).masterKey.id).toBe(masterKeyId);
});

test('attack 53: without its key, or with another one, a backup is not restored, and says which key it needs', async () => {
  await using cluster = await makeCluster();
  const { path, masterKeyId } = await backUp(cluster);
  const other = join(root, 'other.key');
  await writeFile(other, newMasterKey().key.export().toString('base64'), { mode: 0o600 });
  const error = { code: 'secret_unreadable', message: expect.stringContaining(masterKeyId), hint: expect.stringContaining('--key-file') };
  const options = { path, folder: join(root, 'new-home'), force: false, clock: systemClock, log: silentLogger };
  await expect(restoreBackup(options, never)).rejects.toMatchObject(error);
  await expect(restore(path, { keyFile: other })).rejects.toMatchObject(error);
  await expect(restore(path, { keyFile: join(root, 'nowhere') })).rejects.toMatchObject({ code: 'file_not_found' });
  expect((await readdir(root)).filter((name) => name.startsWith('new-home'))).toEqual([]);
  const key = await readFile(join(cluster.folder.secrets, 'master.key'), 'utf8');
  await restoreBackup({ ...options, given: { ...noGivenKeys, key } }, never);
  expect(await readdir(join(root, 'new-home', 'secrets'))).toEqual(['ca.key']); // who gives the key by the environment keeps it there
});

test('on its own machine a backup finds its key, also one that was replaced since', async () => {
  const cluster = await makeCluster();
  const { path } = await backUp(cluster);
  await cluster.secrets.rotateMasterKey();
  await cluster[Symbol.asyncDispose]();
  const folder = join(root, 'home');
  const options = { path, folder, force: true, clock: systemClock, log: silentLogger };
  await restoreBackup(options, never);
  await using again = await openCluster(folder);
  expect(await again.named.get('registry')).toBe('a very secret token');
});

test('attack 53: an archive that was changed by somebody without the key is refused, also when all its digests are right', async () => {
  const changed = await forge((manifest) => {
    manifest['createdAt'] = '2020-01-01T00:00:00.000Z';
  }, false);
  await expect(restore(changed)).rejects.toMatchObject({ code: 'digest_mismatch', message: expect.stringContaining('was changed after') });
  expect((await readdir(root)).filter((name) => name.startsWith('new-home'))).toEqual([]);
});

test('attack 53: an archive without its proof is refused', async () => {
  const stripped = await forge((manifest) => {
    delete manifest['seal'];
  }, false);
  await expect(restore(stripped)).rejects.toMatchObject({ code: 'digest_mismatch', hint: expect.stringContaining('--unsealed') });
  expect((await readdir(root)).filter((name) => name.startsWith('new-home'))).toEqual([]);
});

test('a backup of the first format is restored by those who trust it', async () => {
  const old = await forge((manifest) => {
    manifest['formatVersion'] = 1;
    delete manifest['seal'];
  }, false);
  expect(await restore(old, { unsealed: true })).toMatchObject({ includesModels: true });
});

test('a backup of a newer program is refused', async () => {
  const newer = await forge((manifest) => {
    manifest['database'] = { kind: 'sqlite', migrations: ['0001-first-tables', '9999-from-the-future'] };
  });
  await expect(restore(newer)).rejects.toMatchObject({ code: 'database_newer', message: expect.stringContaining('9999-from-the-future') });
});

test('what is no backup is refused', async () => {
  await writeFile(join(root, 'notes.txt'), 'milk, bread, '.repeat(1000));
  await expect(restore(join(root, 'notes.txt'))).rejects.toMatchObject({ code: 'digest_mismatch' });
  await expect(restore(join(root, 'nothing.tar'))).rejects.toMatchObject({ code: 'file_not_found' });
});

test('a data folder with something in it is kept unless it is forced, and even then lies beside the new one', async () => {
  await using cluster = await makeCluster();
  const { path } = await backUp(cluster);
  const folder = join(root, 'other');
  await mkdir(folder);
  await writeFile(join(folder, 'precious'), 'mine');
  await expect(restore(path, { folder })).rejects.toMatchObject({ code: 'already_exists' });
  const { previous } = await restore(path, { folder, force: true });
  expect(await readFile(join(previous ?? '', 'precious'), 'utf8')).toBe('mine');
  expect(await readdir(folder)).toContain('state');
});

test('models may live outside of the data folder', async () => {
  await using cluster = await makeCluster();
  const { path } = await backUp(cluster);
  const blobs = join(root, 'big-disk');
  await restore(path, { blobs });
  const { file } = await cluster.registry.resolve('stored');
  expect(await digestOf(join(blobs, 'sha256', file.digest.slice(7, 9), file.digest.slice(7)))).toBe(file.digest);
});

test('a model whose bytes are damaged is named, and no half backup stays', async () => {
  await using cluster = await makeCluster();
  const { path, file } = await cluster.registry.resolve('stored');
  await rename(path, join(root, 'aside'));
  await writeFile(path, 'x'.repeat(file.sizeBytes));
  await expect(backUp(cluster)).rejects.toMatchObject({ code: 'digest_mismatch', message: expect.stringContaining(file.digest.slice(7)) });
  expect(await readdir(backups)).toEqual([]);
});

test('a cancelled backup, a taken name, a relative path and a missing folder are refused and leave nothing', async () => {
  await using cluster = await makeCluster();
  await expect(backUp(cluster, backups, true, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
  await writeFile(join(root, 'taken.tar'), '');
  await expect(backUp(cluster, join(root, 'taken.tar'))).rejects.toMatchObject({ code: 'already_exists' });
  await expect(backUp(cluster, 'here.tar')).rejects.toMatchObject({ code: 'invalid_request' });
  await expect(backUp(cluster, join(root, 'no', 'where.tar'))).rejects.toMatchObject({ code: 'file_not_found' });
  expect(await readdir(backups)).toEqual([]);
  expect(await readdir(join(cluster.folder.blobs, 'staging'))).toEqual([]);
});

const programs = await findPostgresPrograms();

describe.skipIf(programs === undefined)('with PostgreSQL', () => {
  let server: ThrowawayPostgres;
  beforeAll(async () => {
    server = await startThrowawayPostgres(programs ?? '');
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('the rows come back into another, empty database', async () => {
    await using cluster = await makeCluster(await server.createEmptyDatabase());
    const { path } = await backUp(cluster);
    const rows = await readRows(cluster.database);
    const databaseUrl = await server.createEmptyDatabase();
    await expect(restore(path)).rejects.toMatchObject({ code: 'config_invalid' });
    await restore(path, { databaseUrl });
    await using again = await openCluster(join(root, 'new-home'), databaseUrl);
    expect(await readRows(again.database)).toEqual(rows);
    expect(await digestOf((await again.registry.resolve('stored')).path)).toBe((await again.registry.resolve('stored')).file.digest);
    await expect(restore(path, { databaseUrl, folder: join(root, 'third') })).rejects.toMatchObject({ code: 'already_exists' });
  });
});
