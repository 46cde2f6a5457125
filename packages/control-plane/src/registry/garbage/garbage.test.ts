import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { defaultConfig } from '@cluster-ai/contracts';
import { createManualClock, silentLogger } from '@cluster-ai/runtime';
import { assert, asyncProperty, constantFrom, integer, array as listOf, record } from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BlobStore } from '../../stores/blob-store.ts';
import type { Database } from '../../stores/database.ts';
import { openBlobStore } from '../../stores/fs/open-blob-store.ts';
import { openDatabase } from '../../stores/open-database.ts';
import { findPostgresPrograms, startThrowawayPostgres, type ThrowawayPostgres } from '../../stores/testing/throwaway-postgres.ts';
import { clusterActor } from '../catalog/catalog.ts';
import { deleteModel } from '../catalog/remove-versions.ts';
import { findModelRow, writeVersion } from '../catalog/write-version.ts';
import { openUploads } from '../uploads/open-uploads.ts';
import type { Uploads } from '../uploads/uploads.ts';
import { createGarbage, type Garbage, usualGraceMs } from './collect-garbage.ts';
import { createLeases, type Leases } from './leases.ts';
import { hasReferences } from './references.ts';

const never = new AbortController().signal;
const HOUR_MS = 60 * 60_000;

let root: string;
let database: Database;
let blobs: BlobStore;
let uploads: Uploads;
let garbage: Garbage;
let leases: Leases;
let clock: ReturnType<typeof createManualClock>;
let removed: string[];

const bytesOf = (seed: number) => Buffer.from(`the bytes of ${seed}`.repeat(20));
const digestOf = (data: Uint8Array) => `sha256:${createHash('sha256').update(data).digest('hex')}`;
const isHere = async (digest: string) => (await blobs.sizeOf(digest)) !== undefined;
const listRows = async () => (await database.query.selectFrom('blobs').select('digest').execute()).map(({ digest }) => digest).sort();
async function listFiles(): Promise<string[]> {
  const entries = await readdir(join(root, 'blobs', 'sha256'), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name }) => `sha256:${name}`)
    .sort();
}

async function upload(seed: number, owner = 'ana'): Promise<string> {
  const { id } = await uploads.start({ owner });
  await uploads.append(id, owner, 0, Readable.from([bytesOf(seed)]), never);
  return (await uploads.finish(id, owner, {})).digest;
}

const link = (name: string, digests: readonly string[]) =>
  database.transaction((transaction) =>
    writeVersion(
      { transaction, actor: clusterActor, policy: defaultConfig().registry.policy, now: clock.now() },
      {
        name,
        files: digests.map((digest, index) => ({ path: `${index}.gguf`, digest, sizeBytes: 1, mediaType: 'x' })),
        source: '',
      },
    ),
  );
const unlink = (name: string) =>
  database.transaction(async (transaction) => {
    const model = await findModelRow(transaction, name);
    if (model) await deleteModel(transaction, model, clock.now());
  });

const programs = await findPostgresPrograms();

describe.each(['sqlite', ...(programs === undefined ? [] : ['postgres'])])('garbage on %s', (kind) => {
  let server: ThrowawayPostgres | undefined;
  beforeAll(async () => {
    if (kind === 'postgres') server = await startThrowawayPostgres(programs ?? '');
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  async function openScene(): Promise<void> {
    root = await mkdtemp(join(tmpdir(), 'cluster-ai-garbage-'));
    clock = createManualClock(Date.now());
    const url = (await server?.createDatabase()) ?? '';
    database = await openDatabase({ url, folder: { database: join(root, 'state.db') }, log: silentLogger });
    blobs = await openBlobStore({ folder: join(root, 'blobs') });
    uploads = await openUploads({ database, blobs, clock, log: silentLogger, limits: { leaseMs: HOUR_MS } });
    leases = createLeases({ database, clock });
    removed = [];
    garbage = createGarbage({ database, blobs, clock, log: silentLogger, onRemoved: (digests) => void removed.push(...digests) });
  }
  async function closeScene(): Promise<void> {
    await database[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  }
  beforeEach(openScene);
  afterEach(closeScene);

  test('what nothing refers to goes when its lease and the grace are over, and not before', async () => {
    const digest = await upload(1);
    await garbage.collect();
    await clock.advance(usualGraceMs - 1);
    await leases.lease(digest, 'push', HOUR_MS);
    await clock.advance(1);
    expect(await garbage.collect()).toMatchObject({ blobs: 0 }); // the grace is over, the lease is not
    await clock.advance(HOUR_MS);
    expect(await garbage.collect()).toEqual({ blobs: 1, bytes: bytesOf(1).length, orphans: 0 });
    expect([await isHere(digest), await listRows(), removed, await blobs.unsettled()]).toEqual([false, [], [digest], []]);
    await expect(leases.lease(digest, 'push', HOUR_MS)).rejects.toMatchObject({ code: 'blob_not_found' });
  });

  test('the grace begins when the last reference goes', async () => {
    const digest = await upload(1);
    await link('one', [digest]);
    await clock.advance(10 * usualGraceMs);
    expect(await garbage.collect()).toMatchObject({ blobs: 0 });
    await unlink('one');
    await clock.advance(usualGraceMs - 1);
    expect(await garbage.collect()).toMatchObject({ blobs: 0 });
    await link('two', [digest]);
    await clock.advance(1);
    expect(await garbage.collect()).toMatchObject({ blobs: 0 });
    await unlink('two');
    await clock.advance(usualGraceMs);
    expect(await garbage.collect()).toMatchObject({ blobs: 1 });
  });

  test('a released lease holds nothing; a person may do without the grace, not without the leases', async () => {
    const [held, free] = [await upload(1, 'ana'), await upload(2, 'eva')];
    await leases.release('eva');
    expect(await garbage.collect({ graceMs: 0 })).toMatchObject({ blobs: 1 });
    expect([await isHere(held), await isHere(free)]).toEqual([true, false]);
  });

  test('what is not here cannot be linked', async () => {
    await expect(link('one', [digestOf(bytesOf(9))])).rejects.toMatchObject({ code: 'blob_not_found' });
    expect(await database.query.selectFrom('models').selectAll().execute()).toEqual([]);
  });

  test('a file that no row knows goes after the grace; beside another database nothing goes', async () => {
    const digest = digestOf(bytesOf(1));
    const lay = async () => {
      await mkdir(dirname(blobs.pathOf(digest)), { recursive: true });
      await writeFile(blobs.pathOf(digest), bytesOf(1));
    };
    await lay();
    expect(await garbage.collect()).toMatchObject({ orphans: 0 });
    await clock.advance(usualGraceMs - 1);
    expect(await garbage.collect()).toMatchObject({ orphans: 0 });
    await clock.advance(1);
    expect(await garbage.collect()).toMatchObject({ orphans: 1 });
    expect(await isHere(digest)).toBe(false);

    await lay();
    await garbage.collect();
    expect(await upload(1)).toBe(digest); // it is one no longer
    await clock.advance(usualGraceMs);
    expect(await garbage.collect()).toMatchObject({ orphans: 0 });

    await writeFile(join(root, 'blobs', 'label'), 'of-another-database');
    await writeFile(`${blobs.pathOf(digest).slice(0, -1)}f`, 'x');
    await clock.advance(10 * usualGraceMs);
    await garbage.collect();
    await clock.advance(10 * usualGraceMs);
    expect(await garbage.collect()).toMatchObject({ orphans: 0 });
  });

  test('references are exactly the files that name a blob, whatever is linked and unlinked', async () => {
    const digests = await Promise.all([1, 2, 3, 4].map((seed) => upload(seed)));
    const models = new Map<string, Set<string>[]>();
    const step = record({
      name: constantFrom('a', 'b', 'c'),
      kind: constantFrom('link', 'link', 'unlink'),
      mask: integer({ min: 1, max: 15 }),
    });
    await assert(
      asyncProperty(listOf(step, { maxLength: 12 }), async (steps) => {
        for (const { name, kind: what, mask } of steps) {
          const chosen = digests.filter((_, index) => (mask >> index) & 1);
          const versions = models.get(name) ?? [];
          if (what === 'unlink') {
            await unlink(name);
            models.delete(name);
          } else {
            await link(name, chosen);
            const isNew = !versions.some((files) => files.size === chosen.length && chosen.every((digest) => files.has(digest)));
            if (isNew) models.set(name, [...versions, new Set(chosen)]);
          }
        }
        for (const digest of digests) {
          const expected = [...models.values()].flat().filter((files) => files.has(digest)).length;
          expect(await hasReferences(database.query, digest)).toBe(expected > 0);
          const row = await database.query.selectFrom('blobs').selectAll().where('digest', '=', digest).executeTakeFirstOrThrow();
          if (expected > 0) expect(row.unreferenced_at).toBeNull();
        }
      }),
      { numRuns: kind === 'sqlite' ? 15 : 4 },
    );
  });

  test('whatever crosses with collecting, what is linked or leased has its bytes, and all else goes in the end', async () => {
    const seeds = [1, 2, 3, 4, 5];
    const step = record({
      what: constantFrom('upload', 'upload', 'link', 'link', 'unlink', 'lease', 'collect', 'collect', 'later'),
      seed: constantFrom(...seeds),
      lane: integer({ min: 0, max: 3 }),
    });
    const ignoreMissing = (error: { code?: string }) => {
      if (error.code !== 'blob_not_found') throw error;
    };
    await assert(
      asyncProperty(listOf(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        const held = new Map<string, number>();
        const lane = async (own: typeof steps) => {
          for (const { what, seed } of own) {
            const digest = digestOf(bytesOf(seed));
            if (what === 'upload') await upload(seed, `owner-${seed}`);
            if (what === 'link') await link(`model-${seed}`, [digest]).catch(ignoreMissing);
            if (what === 'unlink') await unlink(`model-${seed}`);
            if (what === 'lease')
              await leases.lease(digest, 'somebody', 10 * HOUR_MS).then(() => held.set(digest, clock.now() + 10 * HOUR_MS), ignoreMissing);
            if (what === 'collect') await garbage.collect({ graceMs: 0 });
            if (what === 'later') await clock.advance(2 * HOUR_MS);
          }
        };
        await Promise.all([0, 1, 2, 3].map((index) => lane(steps.filter((each) => each.lane === index))));
        const rows = await listRows();
        for (const seed of seeds) {
          const digest = digestOf(bytesOf(seed));
          const isLinked = await hasReferences(database.query, digest);
          if (isLinked || (held.get(digest) ?? 0) > clock.now()) expect(rows).toContain(digest);
          if (rows.includes(digest)) expect(await readFile(blobs.pathOf(digest))).toEqual(bytesOf(seed));
        }
        expect(await listFiles()).toEqual(rows);
        for (const seed of seeds) await unlink(`model-${seed}`);
        await clock.advance(100 * HOUR_MS);
        await garbage.collect({ graceMs: 0 });
        expect([await listRows(), await listFiles(), await blobs.unsettled()]).toEqual([[], [], []]);
      }),
      { numRuns: kind === 'sqlite' ? 25 : 6, endOnFailure: true },
    );
  });
});
