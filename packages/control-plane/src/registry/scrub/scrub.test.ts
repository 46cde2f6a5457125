import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createManualClock, silentLogger } from '@cluster-ai/runtime';
import { expect, onTestFinished, test } from 'vitest';
import { openBlobStore } from '../../stores/fs/open-blob-store.ts';
import { openDatabase } from '../../stores/open-database.ts';
import { findProblem } from '../check-blobs.ts';
import { readBlob } from '../record-blob.ts';
import { openUploads } from '../uploads/open-uploads.ts';
import { createScrubber } from './scrub.ts';

const never = new AbortController().signal;
const DAY_MS = 24 * 60 * 60_000;

async function openScene() {
  const root = await mkdtemp(join(tmpdir(), 'cluster-ai-scrub-'));
  const database = await openDatabase({ url: '', folder: { database: join(root, 'state.db') }, log: silentLogger });
  onTestFinished(async () => {
    await database[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });
  const clock = createManualClock(Date.now());
  const blobs = await openBlobStore({ folder: join(root, 'blobs') });
  const uploads = await openUploads({ database, blobs, clock, log: silentLogger });
  const damaged: string[] = [];
  const onDamaged = async (digest: string) => void damaged.push(digest);
  const scrubber = () => createScrubber({ database, blobs, clock, log: silentLogger, bytesPerDay: 1e9, onDamaged });
  const upload = async (bytes: Uint8Array) => {
    const { id } = await uploads.start({ owner: 'ana' });
    await uploads.append(id, 'ana', 0, Readable.from([bytes]), never);
    return (await uploads.finish(id, 'ana', {})).digest;
  };
  const read = async (digest: string) => {
    const row = await readBlob(database.query, digest);
    if (!row) throw new Error('no row');
    return row;
  };
  return { clock, blobs, database, scrubber, damaged, upload, read };
}

test('each blob in turn is read again, the one that was not read for the longest time first, also by the next run', async () => {
  const { clock, scrubber, upload, read } = await openScene();
  const first = await upload(randomBytes(1000));
  await clock.advance(1000);
  const second = await upload(randomBytes(2000));
  expect(await scrubber().scrubNext(never)).toBe(0); // both were read today
  await clock.advance(DAY_MS);
  expect(await scrubber().scrubNext(never)).toBe(1000);
  expect(await scrubber().scrubNext(never)).toBe(2000);
  expect(await scrubber().scrubNext(never)).toBe(0);
  for (const digest of [first, second]) expect(await read(digest)).toMatchObject({ verified_at: clock.now(), damaged_at: null });
});

test('changed bytes are found and told, not served, and healed by the same file', async () => {
  const { clock, blobs, scrubber, damaged, upload, read } = await openScene();
  const bytes = randomBytes(5000);
  const digest = await upload(bytes);
  const flipped = Buffer.from(bytes);
  flipped[2500] = (flipped[2500] ?? 0) ^ 1;
  await writeFile(blobs.pathOf(digest), flipped);
  await clock.advance(DAY_MS);
  await scrubber().scrubNext(never);
  expect(damaged).toEqual([digest]);
  expect(await findProblem(await read(digest), blobs)).toMatchObject({ code: 'digest_mismatch' });
  expect(await scrubber().scrubNext(never)).toBe(0); // told once
  expect(await upload(bytes)).toBe(digest);
  expect(await readFile(blobs.pathOf(digest))).toEqual(bytes);
  expect(await findProblem(await read(digest), blobs)).toBeUndefined();
});

test('it reads no more a day than it may', async () => {
  const { clock, scrubber, upload, database } = await openScene();
  for (let i = 0; i < 4; i++) await upload(randomBytes(250_000_00));
  await clock.advance(DAY_MS);
  const stop = new AbortController();
  const running = scrubber().run(stop.signal);
  const today = clock.now();
  const done = async () => (await database.query.selectFrom('blobs').selectAll().where('verified_at', '>=', today).execute()).length;
  await expect.poll(done).toBe(1);
  await clock.advance((25e6 / 1e9) * DAY_MS - 1);
  expect(await done()).toBe(1);
  await clock.advance(2);
  await expect.poll(done).toBe(2);
  stop.abort();
  await running;
});
