import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { isClusterError } from '@cluster-ai/contracts';
import { createManualClock, silentLogger } from '@cluster-ai/runtime';
import { type FastifyInstance, fastify } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blobDoor } from '../../doors/blobs/blob-door.ts';
import type { BlobStore } from '../../stores/blob-store.ts';
import type { Database } from '../../stores/database.ts';
import { openBlobStore } from '../../stores/fs/open-blob-store.ts';
import { openDatabase } from '../../stores/open-database.ts';
import { createBlobReader } from '../blob-reader.ts';
import { openUploads } from '../uploads/open-uploads.ts';
import { createBlobUrlKeys } from './blob-url-keys.ts';
import type { BlobUrls } from './blob-urls.ts';
import { createBlobUrls } from './create-blob-urls.ts';

const never = new AbortController().signal;
const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;
const bytes = randomBytes(700_000);
/** Sealing as a test sees it: nothing of it is looked at here. */
const secrets = {
  seal: async (_purpose: string, _context: unknown, plaintext: Uint8Array) => Buffer.from(plaintext).reverse(),
  open: async (_purpose: string, _context: unknown, sealed: Uint8Array) => Buffer.from(sealed).reverse(),
};

let root: string;
let database: Database;
let blobs: BlobStore;
let app: FastifyInstance;
let base: string;
let digest: string;
let other: string;
const clock = createManualClock(Date.now());
const openUrls = (): BlobUrls => createBlobUrls({ keys: createBlobUrlKeys({ database, secrets, clock }), clock });
let urls: BlobUrls;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'cluster-ai-urls-'));
  database = await openDatabase({ url: '', folder: { database: join(root, 'state.db') }, log: silentLogger });
  blobs = await openBlobStore({ folder: join(root, 'blobs') });
  const uploads = await openUploads({ database, blobs, clock, log: silentLogger });
  const upload = async (data: Uint8Array) => {
    const { id } = await uploads.start({ owner: 'ana' });
    await uploads.append(id, 'ana', 0, Readable.from([data]), never);
    return (await uploads.finish(id, 'ana', {})).digest;
  };
  digest = await upload(bytes);
  other = await upload(Buffer.from('another'));
  urls = openUrls();
  app = fastify();
  app.setErrorHandler((error, _request, reply) =>
    reply.code(isClusterError(error) ? error.status : 500).send({ code: (error as { code?: string }).code }),
  );
  await app.register(blobDoor({ blobParts: { blobUrls: urls, findBlob: createBlobReader({ database, blobs }) } }));
  await app.listen({ host: '127.0.0.1', port: 0 });
  base = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await app.close();
  await database[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

const sign = (more: Partial<Parameters<BlobUrls['sign']>[0]> = {}) => urls.sign({ digest, scope: 'test', forMs: HOUR_MS, ...more });
const get = async (headers: Record<string, string> = {}, method = 'GET', url?: string) => {
  const answer = await fetch(`${base}${url ?? (await sign())}`, { method, headers });
  return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
};

describe('an address', () => {
  test('opens what it was made for, also in another process on the same database', async () => {
    const url = await sign({ fileName: 'um modelo.gguf', scope: 'ollama:pull:lab/qwen' });
    const expected = { digest, fileName: 'um modelo.gguf', scope: 'ollama:pull:lab/qwen', expiresAt: clock.now() + HOUR_MS };
    expect(await urls.open(url)).toEqual(expected);
    expect(await openUrls().open(url)).toEqual(expected);
  });

  test('whatever of it is changed, it is refused', async () => {
    const url = await sign({ fileName: 'a.gguf' });
    const [path = '', query = ''] = url.split('?');
    const fields = new URLSearchParams(query);
    const changed = (name: string, value: string) => {
      const copy = new URLSearchParams(fields);
      copy.set(name, value);
      return `${path}?${copy}`;
    };
    const signature = fields.get('signature') ?? '';
    const tampered = [
      `/blobs/${other}?${query}`,
      changed('name', 'b.gguf'),
      changed('scope', 'other'),
      changed('expires', String(Number(fields.get('expires')) + 1)),
      changed('key', 'urlkey_0'),
      changed('signature', ''),
      changed('signature', signature.slice(0, -1)),
      changed('signature', `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`),
      `${url}&more=1`,
      `${url}&name=b.gguf`,
      `${url}&expires=99999999999999`,
      path,
      `/other/${digest}?${query}`,
      `/blobs/${digest.toUpperCase()}?${query}`,
      `/blobs/..%2f..%2fetc%2fpasswd?${query}`,
      `/blobs/sha256:../../etc/passwd?${query}`,
    ];
    for (const each of tampered) await expect(urls.open(each), each).rejects.toMatchObject({ code: 'forbidden' });
    expect(await urls.open(url)).toMatchObject({ digest });
  });

  test('has its time, and no longer than a day', async () => {
    const url = await sign({ forMs: 1000 });
    await clock.advance(999);
    expect(await urls.open(url)).toMatchObject({ digest });
    await clock.advance(1);
    await expect(urls.open(url)).rejects.toMatchObject({ code: 'link_invalid' });
    await expect(sign({ forMs: DAY_MS + 1 })).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(sign({ forMs: 0 })).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(sign({ digest: 'sha256:../x' })).rejects.toMatchObject({ code: 'invalid_request' });
  });

  test('is signed with a new key after a month, and one of the old key is good to its end', async () => {
    await sign();
    await clock.advance(30 * DAY_MS - HOUR_MS);
    const before = await sign({ forMs: 2 * HOUR_MS });
    await clock.advance(HOUR_MS);
    const after = await sign();
    const keyOf = (url: string) => new URLSearchParams(url.split('?')[1]).get('key');
    expect(keyOf(after)).not.toBe(keyOf(before));
    expect(await urls.open(before)).toMatchObject({ digest });
    expect(await urls.open(after)).toMatchObject({ digest });
  });
});

describe('the bytes behind it', () => {
  test('come whole, with their digest as the entity tag and a name that cannot end the header', async () => {
    const url = await sign({ fileName: 'pasta/modelo "ação"\r\nx: y.gguf' });
    const { status, headers, body } = await get({}, 'GET', url);
    expect([status, body.equals(bytes)]).toEqual([200, true]);
    expect(headers.get('etag')).toBe(`"${digest}"`);
    expect(headers.get('content-length')).toBe(String(bytes.length));
    expect(headers.get('accept-ranges')).toBe('bytes');
    expect(headers.get('content-disposition')).toBe(
      `attachment; filename="modelo _a__o_x_ y.gguf"; filename*=UTF-8''modelo%20%22a%C3%A7%C3%A3o%22x%3A%20y.gguf`,
    );
  });

  test.each([
    ['bytes=0-0', 0, 0],
    ['bytes=100-', 100, 699_999],
    ['bytes=300000-599999', 300_000, 599_999],
    ['bytes=-5', 699_995, 699_999],
    ['bytes=699999-9999999', 699_999, 699_999],
    ['bytes=-9999999', 0, 699_999],
  ])('the range %s is 206', async (range, from, to) => {
    const { status, headers, body } = await get({ range });
    expect([status, headers.get('content-range')]).toEqual([206, `bytes ${from}-${to}/700000`]);
    expect(body.equals(bytes.subarray(from, to + 1))).toBe(true);
  });

  test.each(['bytes=700000-', 'bytes=-0', 'bytes=999999999999-'])('the range %s is 416, with the size', async (range) => {
    const { status, headers } = await get({ range });
    expect([status, headers.get('content-range')]).toEqual([416, 'bytes */700000']);
  });

  test.each(['bytes=5-4', 'bytes=a-b', 'items=0-1', 'bytes=0-1,5-6', 'bytes=-'])('%s is no range, so all comes', async (range) => {
    expect(await get({ range })).toMatchObject({ status: 200 });
  });

  test('a part is only given of the entity that the reader has already', async () => {
    expect(await get({ range: 'bytes=0-9', 'if-range': `"${digest}"` })).toMatchObject({ status: 206 });
    expect(await get({ range: 'bytes=0-9', 'if-range': `"${other}"` })).toMatchObject({ status: 200 });
    expect(await get({ range: 'bytes=0-9', 'if-range': `W/"${digest}"` })).toMatchObject({ status: 200 });
    expect(await get({ 'if-none-match': `"${other}", W/"${digest}"` })).toMatchObject({ status: 304 });
  });

  test('HEAD says the same without the bytes', async () => {
    const { status, headers, body } = await get({ range: 'bytes=0-9' }, 'HEAD');
    expect([status, headers.get('content-length'), body.length]).toEqual([206, '10', 0]);
    expect((await get({}, 'HEAD')).headers.get('content-length')).toBe(String(bytes.length));
  });

  test('nothing comes without an address of ours, nor of a blob that is gone', async () => {
    expect(await get({}, 'GET', `/blobs/${digest}`)).toMatchObject({ status: 403 });
    const gone = await sign({ digest: `sha256:${'0'.repeat(64)}` });
    expect(await get({}, 'GET', gone)).toMatchObject({ status: 404 });
  });

  test('a file that was cut under us breaks the connection: nobody takes a part for the whole', async () => {
    const { id, ...rest } = await sign().then((url) => ({ id: url, path: blobs.pathOf(digest) }));
    const opened = createBlobReader({ database, blobs });
    const blob = await opened(digest);
    await writeFile(rest.path, bytes.subarray(0, 500_000));
    const cutting = fastify();
    await cutting.register(blobDoor({ blobParts: { blobUrls: urls, findBlob: async () => blob } }));
    await cutting.listen({ host: '127.0.0.1', port: 0 });
    const url = `http://127.0.0.1:${(cutting.server.address() as AddressInfo).port}${id}`;
    await expect(fetch(url).then((answer) => answer.arrayBuffer())).rejects.toThrow();
    await cutting.close();
    await writeFile(rest.path, bytes);
  });

  test('who goes away in the middle leaves no file open', async () => {
    const { port } = app.server.address() as AddressInfo;
    const large = await sign();
    const { readdir, readlink } = await import('node:fs/promises');
    const openFiles = async () => {
      const links = await Promise.all((await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
      return links.filter((link) => link === blobs.pathOf(digest)).length;
    };
    for (let i = 0; i < 5; i++) {
      const socket = connect(port, '127.0.0.1');
      socket.write(`GET ${large} HTTP/1.1\r\nhost: x\r\n\r\n`);
      await new Promise((resolve) => socket.once('data', resolve));
      socket.destroy();
    }
    await expect.poll(openFiles).toBe(0);
  });
});
