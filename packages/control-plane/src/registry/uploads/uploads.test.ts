import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createManualClock, silentLogger } from '@cluster-ai/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BlobStore } from '../../stores/blob-store.ts';
import type { Database } from '../../stores/database.ts';
import { openBlobStore } from '../../stores/fs/open-blob-store.ts';
import { openDatabase } from '../../stores/open-database.ts';
import { openUploads } from './open-uploads.ts';
import type { UploadLimits } from './upload-limits.ts';
import type { Uploads } from './uploads.ts';

const never = new AbortController().signal;
const owner = 'person_ana';
const bytes = randomBytes(1_000_000);
const digestOf = (data: Uint8Array) => `sha256:${createHash('sha256').update(data).digest('hex')}`;
const digest = digestOf(bytes);

let root: string;
let database: Database;
let blobs: BlobStore;
let uploads: Uploads;
let clock: ReturnType<typeof createManualClock>;

async function reopen(limits: Partial<UploadLimits> = {}): Promise<void> {
  blobs = await openBlobStore({ folder: join(root, 'blobs') });
  uploads = await openUploads({ database, blobs, clock, log: silentLogger, limits });
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cluster-ai-uploads-'));
  clock = createManualClock(Date.now());
  database = await openDatabase({ url: '', folder: { database: join(root, 'state.db') }, log: silentLogger });
  await reopen();
});
afterEach(async () => {
  await database[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

const partials = () => readdir(join(root, 'blobs', 'uploads'));
const inPieces = (data: Uint8Array, size = 50_000) =>
  Readable.from(
    (function* () {
      for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
    })(),
  );
/** Gives these bytes, then breaks as a connection does, or stands still. */
async function* cutAfter(data: Uint8Array, end: 'breaks' | 'hangs'): AsyncIterable<Uint8Array> {
  yield* inPieces(data);
  if (end === 'hangs') await new Promise(() => {});
  throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
}
const append = (id: string, offset: number, data: AsyncIterable<Uint8Array>) => uploads.append(id, owner, offset, data, never);
const countRows = async (table: 'uploads' | 'blobs' | 'blob_leases') =>
  (await database.query.selectFrom(table).selectAll().execute()).length;

test('what came in parts is one blob, held for its owner, and nothing of the upload is left', async () => {
  const { id, offset, sizeBytes } = await uploads.start({ owner, sizeBytes: bytes.length, digest });
  expect([offset, sizeBytes]).toEqual([0, bytes.length]);
  expect(await append(id, 0, inPieces(bytes.subarray(0, 300_000)))).toMatchObject({ offset: 300_000 });
  expect(await append(id, 300_000, inPieces(bytes.subarray(300_000), 7))).toMatchObject({ offset: bytes.length });
  expect(await uploads.finish(id, owner, {})).toEqual({ digest, sizeBytes: bytes.length });
  expect(await readFile(blobs.pathOf(digest))).toEqual(bytes);
  expect(await database.query.selectFrom('blob_leases').selectAll().execute()).toMatchObject([{ digest, holder: owner }]);
  expect([await partials(), await countRows('uploads'), await blobs.unsettled()]).toEqual([[], 0, []]);
  await expect(uploads.status(id, owner)).rejects.toMatchObject({ code: 'upload_not_found' });
});

test('another offset than the current one is refused and told, and changes nothing', async () => {
  const { id } = await uploads.start({ owner });
  await append(id, 0, inPieces(bytes.subarray(0, 1000)));
  for (const offset of [0, 999, 1001, -1, Number.NaN])
    await expect(append(id, offset, inPieces(bytes))).rejects.toMatchObject({ code: 'range_not_satisfiable', details: { offset: 1000 } });
  expect(await uploads.status(id, owner)).toMatchObject({ offset: 1000, sizeBytes: null });
});

test('what arrived before a cut stays, also over a restart, and the whole is checked all the same', async () => {
  const { id } = await uploads.start({ owner, sizeBytes: bytes.length });
  await expect(append(id, 0, cutAfter(bytes.subarray(0, 400_000), 'breaks'))).rejects.toMatchObject({ code: 'cancelled' });
  await reopen();
  expect(await uploads.status(id, owner)).toMatchObject({ offset: 400_000 });
  await append(id, 400_000, inPieces(bytes.subarray(400_000)));
  expect(await uploads.finish(id, owner, { digest })).toEqual({ digest, sizeBytes: bytes.length });
});

test('one thing at a time is done to an upload; cancelling ends an append that stands still', async () => {
  const { id } = await uploads.start({ owner });
  const first = append(id, 0, cutAfter(bytes, 'hangs'));
  await expect(append(id, 0, inPieces(bytes))).rejects.toMatchObject({ code: 'conflict' });
  await expect(uploads.finish(id, owner, {})).rejects.toMatchObject({ code: 'conflict' });
  await Promise.all([expect(first).rejects.toMatchObject({ code: 'cancelled' }), uploads.cancel(id, owner)]);
  expect([await partials(), await countRows('uploads')]).toEqual([[], 0]);
});

test('nobody else sees, continues, finishes or cancels it', async () => {
  const { id } = await uploads.start({ owner });
  const other = 'person_eva';
  const refused = { code: 'upload_not_found' };
  await expect(uploads.status(id, other)).rejects.toMatchObject(refused);
  await expect(uploads.append(id, other, 0, inPieces(bytes), never)).rejects.toMatchObject(refused);
  await expect(uploads.finish(id, other, {})).rejects.toMatchObject(refused);
  await expect(uploads.cancel(id, other)).rejects.toMatchObject(refused);
  await expect(uploads.status('../../etc/passwd', other)).rejects.toMatchObject(refused);
  expect(await uploads.status(id, owner)).toMatchObject({ offset: 0 });
});

test('bytes of another digest are no blob, and the upload is over', async () => {
  const { id } = await uploads.start({ owner });
  await append(id, 0, inPieces(bytes));
  const wrong = `sha256:${'0'.repeat(64)}`;
  await expect(uploads.finish(id, owner, { digest: wrong })).rejects.toMatchObject({ code: 'digest_mismatch' });
  expect([await partials(), await countRows('blobs'), await blobs.sizeOf(digest), await blobs.sizeOf(wrong)]).toEqual([
    [],
    0,
    undefined,
    undefined,
  ]);
});

test('what was changed on the disk while nobody looked is noticed', async () => {
  const { id } = await uploads.start({ owner });
  await append(id, 0, inPieces(bytes));
  await writeFile(join(root, 'blobs', 'uploads', id), Buffer.alloc(bytes.length));
  await reopen();
  await expect(uploads.finish(id, owner, { digest })).rejects.toMatchObject({ code: 'digest_mismatch' });
});

test('lengths that lie: fewer bytes than announced are not finished, of more nothing is kept', async () => {
  const { id } = await uploads.start({ owner, sizeBytes: 1000 });
  await append(id, 0, inPieces(bytes.subarray(0, 900)));
  await expect(uploads.finish(id, owner, {})).rejects.toMatchObject({ code: 'invalid_request', details: { offset: 900 } });
  await expect(append(id, 900, inPieces(bytes))).rejects.toMatchObject({ code: 'payload_too_large' });
  expect((await stat(join(root, 'blobs', 'uploads', id))).size).toBe(900);
  expect(await append(id, 900, inPieces(bytes.subarray(900, 1000)))).toMatchObject({ offset: 1000 });
  expect(await uploads.finish(id, owner, {})).toMatchObject({ digest: digestOf(bytes.subarray(0, 1000)) });
});

test('nothing at all is a blob as well', async () => {
  const { id } = await uploads.start({ owner, sizeBytes: 0 });
  expect(await uploads.finish(id, owner, {})).toEqual({ digest: digestOf(Buffer.alloc(0)), sizeBytes: 0 });
});

test('the same bytes twice are one blob', async () => {
  const ids = await Promise.all([1, 2, 3].map(async () => (await uploads.start({ owner })).id));
  await Promise.all(ids.map((id) => append(id, 0, inPieces(bytes))));
  await Promise.all(ids.map((id) => uploads.finish(id, owner, { digest })));
  expect([await countRows('blobs'), await countRows('blob_leases'), await partials()]).toEqual([1, 1, []]);
});

test('each owner has a number of uploads and of bytes, whether announced or come', async () => {
  await reopen({ openPerOwner: 2, bytesPerOwner: 1_500_000 });
  const { id } = await uploads.start({ owner, sizeBytes: 1_000_000 });
  await expect(uploads.start({ owner, sizeBytes: 600_000 })).rejects.toMatchObject({ code: 'quota_exceeded' });
  const { id: second } = await uploads.start({ owner });
  await expect(uploads.start({ owner })).rejects.toMatchObject({ code: 'quota_exceeded' });
  await expect(append(second, 0, inPieces(bytes))).rejects.toMatchObject({ code: 'quota_exceeded' });
  expect(await uploads.status(second, owner)).toMatchObject({ offset: 0 });
  expect(await uploads.start({ owner: 'person_eva', sizeBytes: 1_000_000 })).toMatchObject({ offset: 0 });
  await uploads.cancel(id, owner);
  expect(await append(second, 0, inPieces(bytes))).toMatchObject({ offset: bytes.length });
});

test('what is announced must fit on the disk', async () => {
  await reopen({ bytesPerOwner: Number.MAX_SAFE_INTEGER });
  await expect(uploads.start({ owner, sizeBytes: 2 ** 52 })).rejects.toMatchObject({ code: 'disk_full' });
  expect(await countRows('uploads')).toBe(0);
});

test('an abandoned upload is over, and its bytes are gone', async () => {
  const { id, expiresAt } = await uploads.start({ owner });
  await append(id, 0, inPieces(bytes.subarray(0, 1000)));
  await clock.advance(expiresAt - clock.now() + 60_000);
  await expect(uploads.status(id, owner)).rejects.toMatchObject({ code: 'upload_not_found' });
  const stop = new AbortController();
  const running = uploads.run(stop.signal);
  await expect.poll(() => countRows('uploads')).toBe(0);
  stop.abort();
  await running;
  expect(await partials()).toEqual([]);
});

test('a file of no upload is removed at the start', async () => {
  await writeFile(join(root, 'blobs', 'uploads', 'upload_gone'), 'half');
  await reopen();
  expect(await partials()).toEqual([]);
});

test.each(['sha256:../../x', `sha256:${'A'.repeat(64)}`, ''])('%j is no digest', async (text) => {
  await expect(uploads.start({ owner, digest: text })).rejects.toMatchObject({ code: 'invalid_request' });
  const { id } = await uploads.start({ owner });
  await expect(uploads.finish(id, owner, { digest: text })).rejects.toMatchObject({ code: 'invalid_request' });
});

test('a folder that cannot be written: a clear error, and nothing half', async () => {
  if (process.getuid?.() === 0) return; // root may write everywhere; see full-disk.test.ts for a disk that is mounted read-only
  const { id } = await uploads.start({ owner });
  await chmod(join(root, 'blobs', 'uploads'), 0o500);
  await expect(append(id, 0, inPieces(bytes))).rejects.toMatchObject({ code: 'data_folder_unwritable' });
  await chmod(join(root, 'blobs', 'uploads'), 0o700);
});
