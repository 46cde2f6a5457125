import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeBlobStore } from '../testing/describe-blob-store.ts';
import { s3Credentials, startS3 } from '../testing/start-s3.ts';
import { openS3BlobStore } from './open-s3-blob-store.ts';
import { parseS3Url } from './parse-s3-url.ts';

let s3: Awaited<ReturnType<typeof startS3>>;
let count = 0;

beforeAll(async () => {
  s3 = await startS3();
});
afterAll(() => s3[Symbol.asyncDispose]());

const readCredentials = async () => s3Credentials;
const open = (prefix: string, at: string) => openS3BlobStore({ url: s3.urlOf(prefix), folder: at, readCredentials });

describeBlobStore('an S3 bucket', async () => {
  const prefix = `place-${++count}`;
  return {
    open: (at) => open(prefix, at),
    async damage(store, digest, bytes) {
      const path = join(s3.folder, 'damaged');
      await writeFile(path, bytes);
      await using staged = await store.adopt(path, digest, bytes.length);
      await staged.place({ replace: true });
    },
    remove: async () => {},
  };
});

test('what is too large for one request goes in parts', async () => {
  const at = await mkdtemp(join(tmpdir(), 'cluster-ai-s3-large-'));
  await using store = await open('large', at);
  const bytes = randomBytes(70_000_000);
  await writeFile(join(at, 'file'), bytes);
  await using staged = await store.stage(join(at, 'file'), new AbortController().signal);
  await staged.send(new AbortController().signal);
  expect(await store.sizeOf(staged.digest)).toBe(bytes.length);
  expect((await buffer(await store.read(staged.digest, { from: 69_999_990, to: 69_999_999 }))).equals(bytes.subarray(-10))).toBe(true);
  await rm(at, { recursive: true, force: true });
});

test('a store that does not answer is `remote_failed`, with what to check', async () => {
  const url = `s3://models/x?${new URLSearchParams({ endpoint: 'http://127.0.0.1:9' })}`;
  await using store = await openS3BlobStore({ url, folder: join(s3.folder, 'nowhere'), readCredentials });
  await expect(store.unsettled()).rejects.toMatchObject({ code: 'remote_failed', hint: expect.stringContaining('blobs.path') });
});

test('an address says bucket, prefix, endpoint and region', () => {
  expect(parseS3Url('s3://models')).toEqual({ bucket: 'models', prefix: '', endpoint: undefined, region: 'us-east-1' });
  expect(parseS3Url('s3://models/a/b/?endpoint=http://127.0.0.1:9000&region=x')).toEqual({
    bucket: 'models',
    prefix: 'a/b/',
    endpoint: 'http://127.0.0.1:9000',
    region: 'x',
  });
});

test.each(['s3://', 's3://A_B', 's3://key:secret@models', 's3://models?endpoint=ftp://x', 's3://models?secret=x', 'http://models'])(
  'refuses %s',
  (url) => {
    expect(() => parseS3Url(url)).toThrow(expect.objectContaining({ code: 'config_invalid' }));
  },
);
