import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BlobStore } from '../blob-store.ts';
import { openBlobStore } from './open-blob-store.ts';

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

test('settling keeps what is used and removes what is not', async () => {
  const { path } = await makeFile();
  const digest = await takeIn(path);
  expect(await blobs.unsettled()).toEqual([digest]);
  await blobs.settle(digest, true);
  expect([await blobs.unsettled(), await blobs.sizeOf(digest)]).toEqual([[], 12]);
  await blobs.settle(digest, false);
  expect(await blobs.sizeOf(digest)).toBeUndefined();
  expect((await stat(path)).isFile()).toBe(true);
});

test.each([
  'sha256:../../../../etc/passwd',
  `sha256:${'A'.repeat(64)}`,
  `sha512:${'a'.repeat(64)}`,
  `sha256:${'a'.repeat(63)}`,
  `sha256:${'a'.repeat(64)}\n`,
  `sha256:${'a'.repeat(60)}/../`,
  '',
])('%j is no digest, so it has no path', async (text) => {
  expect(() => blobs.pathOf(text)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  await expect(blobs.settle(text, false)).rejects.toMatchObject({ code: 'invalid_request' });
  await expect(blobs.markUnsettled(text)).rejects.toMatchObject({ code: 'invalid_request' });
});

test('a folder that cannot be written is `data_folder_unwritable`', async () => {
  await writeFile(join(root, 'file'), '');
  await expect(openBlobStore({ folder: join(root, 'file') })).rejects.toMatchObject({ code: 'data_folder_unwritable' });
});
