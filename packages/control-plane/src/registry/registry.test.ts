import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { link, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, truncate, unlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inspectFakeModel, inspectGguf } from '@cluster-ai/formats';
import { makeTinyGguf } from '@cluster-ai/formats/testing';
import { createManualClock, silentLogger } from '@cluster-ai/runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEventBus, type EventBus } from '../observability/event-bus.ts';
import type { BlobStore } from '../stores/blob-store.ts';
import type { Database } from '../stores/database.ts';
import { openBlobStore } from '../stores/fs/open-blob-store.ts';
import { openDatabase } from '../stores/open-database.ts';
import { findPostgresPrograms, startThrowawayPostgres, type ThrowawayPostgres } from '../stores/testing/throwaway-postgres.ts';
import { createGarbage } from './garbage/collect-garbage.ts';
import { openRegistry } from './open-registry.ts';
import type { Registry } from './registry.ts';
import { createScrubber } from './scrub/scrub.ts';

const run = promisify(execFile);
const never = new AbortController().signal;

let root: string;
let url: string;
let database: Database;
let events: EventBus;
let blobs: BlobStore;
let registry: Registry;
const clock = createManualClock();

const blobsFolder = () => join(root, 'blobs');
const inspect = (path: string) => (path.endsWith('.fake.json') ? inspectFakeModel(path) : inspectGguf(path));

async function open(change: (blobs: BlobStore) => BlobStore = (blobs) => blobs): Promise<void> {
  database = await openDatabase({ url, folder: { database: join(root, 'state', 'cluster.db') }, log: silentLogger });
  events = createEventBus({ firstId: 1 });
  blobs = change(await openBlobStore({ folder: blobsFolder() }));
  registry = await openRegistry({ database, blobs, events, clock, log: silentLogger, inspect });
}

/** As if the grace were over. */
const collect = () => createGarbage({ database, blobs, clock, log: silentLogger }).collect({ graceMs: 0 });
const listBlobs = () => listFiles(join(blobsFolder(), 'sha256'));

async function restart(change?: (blobs: BlobStore) => BlobStore): Promise<void> {
  await database[Symbol.asyncDispose]();
  await open(change);
}

/** As if the process ended where files and rows do not agree yet: nothing is settled any more. */
const endsBeforeSettling = (blobs: BlobStore): BlobStore => ({ ...blobs, settle: async () => {} });

/** As if it ended when the bytes were placed and the rows not written. */
const endsAfterPlacing = (blobs: BlobStore): BlobStore => ({
  ...endsBeforeSettling(blobs),
  async stage(path, signal) {
    const staged = await blobs.stage(path, signal);
    const place = async () => {
      await staged.place();
      throw new Error('the process ended');
    };
    return { ...staged, place };
  },
});

/** Nobody runs it here: it is read, hashed and copied many times. */
const small = { layers: 1, embd: 64, ff: 64, heads: 2, kvheads: 1, vocab: 512 };
const made = new Map<number, Buffer>();

/** Another `seed` makes other bytes. */
function makeModel(name: string, seed = 1): string {
  const path = join(root, name);
  if (!made.has(seed)) {
    makeTinyGguf({ path, seed, ...small });
    made.set(seed, readFileSync(path));
  }
  writeFileSync(path, made.get(seed) ?? '');
  return path;
}

async function makeScript(name: string, text: string): Promise<string> {
  const path = join(root, `${name}.fake.json`);
  await writeFile(path, JSON.stringify({ fake: 1, text }));
  return path;
}

const add = (name: string, path: string, more: { inPlace?: boolean; description?: string } = {}) =>
  registry.add({ name, path, description: '', inPlace: false, ...more }, never);

async function listFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

const digestOf = async (path: string) =>
  `sha256:${createHash('sha256')
    .update(await readFile(path))
    .digest('hex')}`;
const countRows = async (table: 'models' | 'versions' | 'files' | 'blobs' | 'aliases') =>
  (await database.query.selectFrom(table).selectAll().execute()).length;

const programs = await findPostgresPrograms();

describe.each(['sqlite', ...(programs === undefined ? [] : ['postgres'])])('the registry on %s', (kind) => {
  let server: ThrowawayPostgres | undefined;
  beforeAll(async () => {
    if (kind === 'postgres') server = await startThrowawayPostgres(programs ?? '');
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'cluster-ai-registry-'));
    url = (await server?.createDatabase()) ?? '';
    await open();
  });
  afterEach(async () => {
    await database[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });

  test('an added file can be resolved: its version, its digest, its facts, and where the bytes are', async () => {
    const path = makeModel('tiny.gguf');
    const version = await add('Lab/Tiny', path, { description: 'For tests.' });
    const resolved = await registry.resolve('lab/tiny');
    expect(resolved).toMatchObject({
      reference: 'Lab/Tiny',
      name: 'Lab/Tiny',
      version,
      file: { path: 'model.gguf', digest: await digestOf(path) },
    });
    expect(version).toMatchObject({ version: 1, semver: null, source: 'tiny.gguf', sizeBytes: (await stat(path)).size });
    expect(version.facts).toEqual(await inspectGguf(path));
    expect(await digestOf(resolved.path)).toBe(resolved.file.digest);
    expect((await registry.locateBlob(resolved.file.digest))?.path).toBe(resolved.path);
  });

  test('all of that is there again after a restart', async () => {
    await add('tiny', makeModel('tiny.gguf'));
    const before = { list: await registry.list(), resolved: await registry.resolve('tiny'), versions: await registry.versions('tiny') };
    await restart();
    expect({ list: await registry.list(), resolved: await registry.resolve('tiny'), versions: await registry.versions('tiny') }).toEqual(
      before,
    );
  });

  test('one file system, one copy: the bytes of an import are the bytes of the file', async () => {
    const path = makeModel('tiny.gguf');
    await add('tiny', path);
    const [source, stored] = [await stat(path), await stat((await registry.resolve('tiny')).path)];
    expect(stored.ino === source.ino || stored.blocks === 0 || stored.dev !== source.dev).toBe(true);
  });

  test('the same bytes again change nothing: no version, no event', async () => {
    const path = makeModel('tiny.gguf');
    const first = await add('tiny', path);
    const listed = await registry.list();
    const published = events.since(0)?.length;
    expect(await add('TINY', makeModel('copy.gguf'))).toEqual(first);
    expect(await registry.list()).toEqual(listed);
    expect(events.since(0)?.length).toBe(published);
  });

  test('other bytes are the next version, and `latest` moves to it; going back moves it back without a third version', async () => {
    const first = await add('tiny', makeModel('one.gguf', 1));
    const second = await add('tiny', makeModel('two.gguf', 2));
    expect(second.version).toBe(2);
    expect((await registry.resolve('tiny')).version.version).toBe(2);
    expect(await add('tiny', join(root, 'one.gguf'))).toEqual(first);
    expect((await registry.resolve('tiny:latest')).version.version).toBe(1);
    expect((await registry.versions('tiny')).map(({ version }) => version)).toEqual([2, 1]);
    expect((await registry.list())[0]).toMatchObject({
      versionCount: 2,
      aliases: [{ alias: 'latest', version: 1 }],
      latest: { version: 1 },
    });
  });

  test('a reference may name a version by number or by manifest digest', async () => {
    const first = await add('tiny', makeModel('one.gguf', 1));
    await add('tiny', makeModel('two.gguf', 2));
    expect((await registry.resolve('tiny:1')).version).toEqual(first);
    expect(await registry.resolve(`tiny@${first.manifestDigest}`)).toMatchObject({
      version: first,
      reference: `tiny@${first.manifestDigest}`,
    });
  });

  test('the manifest is stored once, canonical, and its digest is that of its bytes', async () => {
    const version = await add('tiny', makeModel('tiny.gguf'));
    const row = await database.query.selectFrom('versions').select('manifest_bytes').executeTakeFirstOrThrow();
    expect(`sha256:${createHash('sha256').update(row.manifest_bytes).digest('hex')}`).toBe(version.manifestDigest);
    const [file] = version.files;
    expect(Buffer.from(row.manifest_bytes).toString('utf8')).toBe(
      `{"files":[{"digest":"${file?.digest}","mediaType":"application/vnd.cluster-ai.model.gguf","path":"model.gguf","sizeBytes":${file?.sizeBytes}}],` +
        '"mediaType":"application/vnd.cluster-ai.model.manifest.v1+json","schemaVersion":1}',
    );
  });

  test('unknown names tell the nearest ones, unknown versions the known ones', async () => {
    await add('starter', makeModel('tiny.gguf'));
    const ask = (reference: string) => registry.resolve(reference);
    await expect(ask('startr')).rejects.toMatchObject({ code: 'model_not_found', hint: 'Did you mean starter?' });
    await expect(ask('something-else')).rejects.toMatchObject({ code: 'model_not_found', hint: 'See `cluster-ai models ls`.' });
    await expect(ask('starter:9')).rejects.toMatchObject({ code: 'model_not_found', hint: 'It has latest, 1.' });
    await expect(ask('../etc')).rejects.toMatchObject({ code: 'invalid_model_reference' });
    expect(await registry.find('startr')).toBeUndefined();
    await expect(registry.versions('startr')).rejects.toMatchObject({ code: 'model_not_found' });
  });

  test('in place, the file stays where it is and nothing is taken in; removing the model leaves it alone', async () => {
    const path = makeModel('tiny.gguf');
    await add('tiny', path, { inPlace: true });
    expect((await registry.resolve('tiny')).path).toBe(path);
    expect(await listFiles(blobsFolder())).toEqual([]);
    await registry.remove('tiny');
    expect((await stat(path)).isFile()).toBe(true);
  });

  test('a link that is used in place stands for the file that it points to', async () => {
    const path = makeModel('tiny.gguf');
    await symlink(path, join(root, 'link.gguf'));
    await add('tiny', join(root, 'link.gguf'), { inPlace: true });
    expect((await registry.resolve('tiny')).path).toBe(path);
  });

  test('importing what was used in place takes it in; the other way round keeps our copy', async () => {
    const path = makeModel('tiny.gguf');
    await add('tiny', path, { inPlace: true });
    await add('tiny', path);
    const stored = (await registry.resolve('tiny')).path;
    expect(stored.startsWith(blobsFolder())).toBe(true);
    await add('other', path, { inPlace: true });
    expect((await registry.resolve('other')).path).toBe(stored);
  });

  test('a removed model is gone, and after the grace its bytes, except those that another model uses', async () => {
    await add('one', makeModel('shared.gguf', 1));
    await add('two', join(root, 'shared.gguf'));
    await add('one', makeModel('own.gguf', 2));
    const shared = (await registry.resolve('two')).path;
    const own = (await registry.resolve('one')).path;
    await registry.remove('ONE');
    expect(await registry.find('one')).toBeUndefined();
    expect((await stat(own)).isFile()).toBe(true);
    await collect();
    expect(await listBlobs()).toEqual([shared]);
    await registry.remove('two');
    await collect();
    expect(await listBlobs()).toEqual([]);
    for (const table of ['models', 'versions', 'files', 'blobs', 'aliases'] as const) expect(await countRows(table)).toBe(0);
    await expect(registry.remove('two')).rejects.toMatchObject({ code: 'model_not_found' });
  });

  test('everybody is told what changed', async () => {
    await add('tiny', makeModel('tiny.gguf'));
    await registry.remove('tiny');
    expect(events.since(0)?.map(({ event }) => event)).toEqual([
      { type: 'model.changed', name: 'tiny' },
      { type: 'model.removed', name: 'tiny' },
    ]);
  });

  test('a script of the fake engine is registered like a model, and says that it is none', async () => {
    await add('demo', await makeScript('demo', 'Hello.'));
    expect(await registry.resolve('demo')).toMatchObject({
      file: { path: 'model.fake.json' },
      version: { facts: { architecture: 'fake' } },
    });
    expect((await registry.list()).find(({ name }) => name === 'demo')?.notice).toContain('fake engine');
  });

  test('what is not a regular file is refused, and nothing is left of the attempt', async () => {
    await run('mkfifo', [join(root, 'pipe.gguf')]);
    await mkdir(join(root, 'folder.gguf'));
    await symlink(join(root, 'loop.gguf'), join(root, 'loop.gguf'));
    for (const path of [join(root, 'pipe.gguf'), join(root, 'folder.gguf'), join(root, 'loop.gguf'), '/dev/zero', '/proc/self/mem'])
      for (const inPlace of [false, true])
        await expect(add('bad', path, { inPlace })).rejects.toMatchObject({ code: 'invalid_model_file' });
    await expect(add('bad', join(root, 'nothing.gguf'))).rejects.toMatchObject({ code: 'file_not_found' });
    await expect(add('bad', 'tiny.gguf')).rejects.toMatchObject({ code: 'invalid_request', param: 'path' });
    await expect(add('bad', `${makeModel('tiny.gguf')}\0.gguf`)).rejects.toMatchObject({ code: 'invalid_request', param: 'path' });
    expect(await listFiles(blobsFolder())).toEqual([]);
    expect(await countRows('models')).toBe(0);
  });

  test('a name that some door could not write is refused', async () => {
    const path = makeModel('tiny.gguf');
    const names = [
      '',
      'a:b',
      '../up',
      'a/../b',
      'a//b',
      'a b',
      'a/b/c/d',
      `x${'y'.repeat(300)}`,
      'na\u0000me',
      'line\r\nbreak',
      'ação',
      '%2e%2e/a',
      'C:\\a',
    ];
    for (const name of names) await expect(add(name, path), name).rejects.toMatchObject({ code: 'invalid_model_reference', param: 'name' });
    expect(await countRows('models')).toBe(0);
  });

  test('a cut file is refused before anything is taken in', async () => {
    const path = makeModel('tiny.gguf');
    await truncate(path, Math.floor((await stat(path)).size / 2));
    await expect(add('bad', path)).rejects.toMatchObject({ code: 'invalid_model_file' });
    expect(await listFiles(blobsFolder())).toEqual([]);
  });

  test('a cancelled import leaves nothing', async () => {
    const cancelled = AbortSignal.abort();
    const work = registry.add({ name: 'tiny', path: makeModel('tiny.gguf'), description: '', inPlace: false }, cancelled);
    await expect(work).rejects.toMatchObject({ code: 'cancelled' });
    expect(await listFiles(blobsFolder())).toEqual([]);
    expect(await countRows('models')).toBe(0);
  });

  test('a model whose bytes are gone says so, with the path and the way out; importing the file again heals it', async () => {
    const path = makeModel('tiny.gguf');
    await add('tiny', path);
    const stored = (await registry.resolve('tiny')).path;
    await unlink(stored);
    await restart();
    await expect(registry.resolve('tiny')).rejects.toMatchObject({
      code: 'blob_not_found',
      message: `The file ${stored} is gone.`,
      hint: expect.stringContaining('models add'),
    });
    expect((await registry.find('tiny'))?.problem).toMatchObject({ code: 'blob_not_found' });
    expect((await registry.list())[0]?.notice).toContain(`The file ${stored} is gone.`);
    expect(await registry.locateBlob((await registry.list())[0]?.latest.files[0]?.digest ?? '')).toBeUndefined();
    await add('tiny', path);
    expect(await digestOf((await registry.resolve('tiny')).path)).toBe(await digestOf(path));
  });

  test('a file that is used in place and has changed since is not served', async () => {
    const path = makeModel('tiny.gguf');
    await add('tiny', path, { inPlace: true });
    await utimes(path, new Date(0), new Date(0));
    await restart();
    await expect(registry.resolve('tiny')).rejects.toMatchObject({ code: 'digest_mismatch' });
  });

  test('a file that scrubbing finds damaged is not served from then on; importing it again heals it', async () => {
    const path = makeModel('tiny.gguf');
    await add('tiny', path);
    const { path: stored } = await registry.resolve('tiny');
    const bytes = readFileSync(path);
    await unlink(path); // it may be the same file
    writeFileSync(stored, Buffer.from(bytes).fill(0, 1000, 1100));
    const told = events.since(0)?.length ?? 0;
    await clock.advance(24 * 60 * 60_000);
    const onDamaged = (digest: string) => registry.lookAgain(digest);
    await createScrubber({ database, blobs, clock, log: silentLogger, bytesPerDay: 1e9, onDamaged }).scrubNext(never);
    await expect(registry.resolve('tiny')).rejects.toMatchObject({ code: 'digest_mismatch' });
    expect(
      events
        .since(0)
        ?.slice(told)
        .map(({ event }) => event),
    ).toEqual([{ type: 'model.changed', name: 'tiny' }]);
    await add('tiny', makeModel('again.gguf'));
    const healed = await registry.resolve('tiny');
    expect(await digestOf(healed.path)).toBe(healed.file.digest);
  });

  test('many imports and removals at once leave exactly what the rows say', async () => {
    const paths = [1, 2, 3].map((seed) => makeModel(`m${seed}.gguf`, seed));
    const work = Array.from({ length: 60 }, async (_, i) => {
      const name = `model-${i % 4}`;
      if (i % 3 === 2) await registry.remove(name).catch(() => {});
      else await add(name, paths[i % paths.length] ?? '', { inPlace: i % 5 === 0 });
    });
    await Promise.all(work);
    const stored = await database.query.selectFrom('blobs').selectAll().where('location', '=', 'store').execute();
    expect((await listFiles(blobsFolder())).map((path) => path.slice(-64)).sort()).toEqual(
      stored.map(({ digest }) => digest.slice(-64)).sort(),
    );
    for (const { name } of await registry.list())
      expect(await digestOf((await registry.resolve(name)).path)).toBe((await registry.resolve(name)).file.digest);
  });

  test('an end between placing the bytes and writing the rows leaves bytes that the next start removes', async () => {
    await restart(endsAfterPlacing);
    await expect(add('tiny', makeModel('tiny.gguf'))).rejects.toThrow('the process ended');
    expect(await listFiles(join(blobsFolder(), 'sha256'))).toHaveLength(1);
    await restart();
    expect(await listFiles(blobsFolder())).toEqual([]);
  });

  test('an end between deleting the rows and removing the bytes is made good at the next start', async () => {
    await add('tiny', makeModel('tiny.gguf'));
    await restart(endsBeforeSettling);
    await registry.remove('tiny');
    await collect();
    expect(await listBlobs()).toHaveLength(1);
    await restart();
    expect(await listBlobs()).toEqual([]);
  });

  test('an end right after an import keeps it', async () => {
    await restart(endsBeforeSettling);
    await add('tiny', makeModel('tiny.gguf'));
    await restart();
    expect(await listFiles(blobsFolder())).toEqual([(await registry.resolve('tiny')).path]);
  });

  test('what a crash left half-way is swept at the next start: staged files, and bytes without a row', async () => {
    await add('tiny', makeModel('tiny.gguf'));
    const kept = (await registry.resolve('tiny')).path;
    const orphan = 'ab'.repeat(32);
    await writeFile(join(blobsFolder(), 'staging', 'half'), 'half a model');
    await mkdir(join(blobsFolder(), 'sha256', 'ab'), { recursive: true });
    await writeFile(join(blobsFolder(), 'sha256', 'ab', orphan), 'placed, never recorded');
    await writeFile(join(blobsFolder(), 'unsettled', orphan), '');
    await writeFile(join(blobsFolder(), 'unsettled', kept.slice(-64)), ''); // recorded, not settled any more
    await restart();
    expect(await listFiles(blobsFolder())).toEqual([kept]);
  });

  test('a file that another user owns is copied, since its owner could change it under our hands', async () => {
    if (process.getuid?.() !== 0) return;
    const path = makeModel('tiny.gguf');
    await run('chown', ['65534', path]);
    await add('tiny', path);
    expect((await stat((await registry.resolve('tiny')).path)).ino).not.toBe((await stat(path)).ino);
    await link(path, join(root, 'still-theirs.gguf'));
  });
});
