import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BlobStore } from '../blob-store.ts';
import { describeBlobStore } from '../testing/describe-blob-store.ts';
import { openBlobStore } from './open-blob-store.ts';

describeBlobStore('a folder', async () => ({
  open: (folder) => openBlobStore({ folder }),
  damage: (store, digest, bytes) => writeFile(store.pathOf(digest), bytes),
  remove: async () => {},
}));

const never = new AbortController().signal;

let root: string;
let blobs: BlobStore;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cluster-ai-blobs-'));
  blobs = await openBlobStore({ folder: join(root, 'blobs') });
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function makeFile(bytes: string | Buffer = 'some weights'): Promise<{ path: string; digest: string }> {
  const path = join(root, 'source');
  await writeFile(path, bytes);
  return { path, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}` };
}

async function takeIn(path: string): Promise<string> {
  await using staged = await blobs.stage(path, never);
  await staged.place();
  return staged.digest;
}

test('bytes lie under their digest, staged first and shown only when they are placed', async () => {
  const { path, digest } = await makeFile(Buffer.alloc(3_000_000, 7));
  {
    await using staged = await blobs.stage(path, never);
    expect(staged).toMatchObject({ digest, sizeBytes: 3_000_000 });
    expect(await blobs.sizeOf(digest)).toBeUndefined();
    await staged.place();
  }
  expect(blobs.pathOf(digest)).toBe(join(root, 'blobs', 'sha256', digest.slice(7, 9), digest.slice(7)));
  expect(await blobs.sizeOf(digest)).toBe(3_000_000);
  expect(await readdir(join(root, 'blobs', 'staging'))).toEqual([]);
});

test('on one file system no byte is stored twice', async () => {
  const { path } = await makeFile();
  await using staged = await blobs.stage(path, never);
  expect(['cloned', 'linked']).toContain(staged.means);
});

test('what was staged and never placed leaves nothing', async () => {
  const { path, digest } = await makeFile();
  await (await blobs.stage(path, never))[Symbol.asyncDispose]();
  expect(await readdir(join(root, 'blobs', 'staging'))).toEqual([]);
  expect(await blobs.sizeOf(digest)).toBeUndefined();
});

test('a cut blob that lies at the place is replaced by the whole one', async () => {
  const { path, digest } = await makeFile();
  await takeIn(path);
  await rm(blobs.pathOf(digest));
  await writeFile(blobs.pathOf(digest), 'some');
  await takeIn(path);
  expect(await readFile(blobs.pathOf(digest), 'utf8')).toBe('some weights');
});

test('a file that grows while it is read is refused', async () => {
  const { path } = await makeFile(Buffer.alloc(60_000_000));
  let isOver = false;
  const grow = async () => {
    while (!isOver) await appendFile(path, 'more');
  };
  const growing = grow();
  const work = (async () => {
    await using staged = await blobs.stage(path, never);
    return staged.digest;
  })();
  await expect(work.finally(() => (isOver = true))).rejects.toMatchObject({
    code: 'invalid_model_file',
    message: expect.stringContaining('changed'),
  });
  await growing;
  expect(await readdir(join(root, 'blobs', 'staging'))).toEqual([]);
});

test('cancelling ends the hashing of a large file and leaves nothing', async () => {
  const { path } = await makeFile(Buffer.alloc(200_000_000));
  const cancel = new AbortController();
  const work = blobs.stage(path, cancel.signal);
  setImmediate(() => cancel.abort());
  await expect(work).rejects.toMatchObject({ code: 'cancelled' });
  expect(await readdir(join(root, 'blobs', 'staging'))).toEqual([]);
});

test('a folder that cannot be written is `data_folder_unwritable`', async () => {
  await writeFile(join(root, 'file'), '');
  await expect(openBlobStore({ folder: join(root, 'file') })).rejects.toMatchObject({ code: 'data_folder_unwritable' });
});
