import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ClusterError } from '@cluster-ai/contracts';
import { silentLogger, systemClock } from '@cluster-ai/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createWeights } from './create-weights.ts';
import type { FetchBlob } from './weights.ts';

const bytes = randomBytes(3 * 1024 * 1024);
const digestOf = (data: Uint8Array) => `sha256:${createHash('sha256').update(data).digest('hex')}`;
const digest = digestOf(bytes);
const file = { digest, sizeBytes: bytes.length };
const forever = new AbortController().signal;
const noKnownFolders = { ollama: [], huggingFace: [] };

let root = '';
let folder = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'weights-'));
  folder = join(root, 'own');
});
afterEach(() => rm(root, { recursive: true }));

/** Sends the bytes in pieces; notes from where it was asked. */
function createSource(sent: Uint8Array = bytes, { breaksAfter = Number.POSITIVE_INFINITY } = {}) {
  const asked: number[] = [];
  const fetchBlob: FetchBlob = async (_, fromByte) => {
    asked.push(fromByte);
    async function* pieces() {
      for (let at = fromByte; at < sent.length; at += 64 * 1024) {
        if (at - fromByte >= breaksAfter) throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
        yield sent.subarray(at, Math.min(sent.length, at + 64 * 1024));
      }
    }
    return { totalBytes: sent.length, body: Readable.from(pieces()) };
  };
  return { asked, fetchBlob };
}

const noSource: FetchBlob = async () => {
  throw new ClusterError('blob_not_found', 'There is no such blob.');
};
const open = (fetchBlob: FetchBlob) =>
  createWeights({ folder, fetchBlob, clock: systemClock, log: silentLogger, knownFolders: noKnownFolders });

describe('in place', () => {
  test('a file that is visible here and matches is used where it lies, and nothing is fetched', async () => {
    const path = join(root, 'model.gguf');
    await writeFile(path, bytes);
    const steps = new Set<string>();
    expect(await open(noSource).ensure({ ...file, path }, (step) => steps.add(step), forever)).toBe(path);
    expect([...steps]).toEqual(['checking_weights']);
    expect(await readdir(folder)).toEqual(['verified.json']);
  });

  test('it is hashed once, also over a restart, until somebody touches it', async () => {
    const path = join(root, 'model.gguf');
    await writeFile(path, bytes);
    const countSteps = async () => {
      let steps = 0;
      await open(noSource).ensure({ ...file, path }, () => steps++, forever);
      return steps;
    };
    expect(await countSteps()).toBeGreaterThan(0);
    expect(await countSteps()).toBe(0);
    await utimes(path, new Date(), new Date(1));
    expect(await countSteps()).toBeGreaterThan(0);
  });

  test.each([
    ['of another size', async (path: string) => appendFile(path, 'x')],
    ['of the same size with other bytes', async (path: string) => writeFile(path, Buffer.alloc(bytes.length))],
    ['that is a folder', async (path: string) => rm(path).then(() => mkdir(path))],
  ])('a file %s is not used; the bytes are fetched', async (_, spoil) => {
    const path = join(root, 'model.gguf');
    await writeFile(path, bytes);
    await spoil(path);
    const used = await open(createSource().fetchBlob).ensure({ ...file, path }, () => {}, forever);
    expect(used).not.toBe(path);
    expect(digestOf(readFileSync(used))).toBe(digest);
  });
});

describe('fetched', () => {
  test('the bytes are kept by digest, with progress, and fetched only once', async () => {
    const source = createSource();
    const progress: number[] = [];
    const path = await open(source.fetchBlob).ensure(file, (step, value) => step === 'fetching_weights' && progress.push(value), forever);
    expect(path).toBe(join(folder, digest.replace(':', '-')));
    expect(progress.at(-1)).toBe(1);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(await open(source.fetchBlob).ensure(file, () => {}, forever)).toBe(path);
    expect(source.asked).toEqual([0]);
  });

  test('a broken connection keeps what has come, and the next try goes on from there', async () => {
    const broken = createSource(bytes, { breaksAfter: 1024 * 1024 });
    await expect(open(broken.fetchBlob).ensure(file, () => {}, forever)).rejects.toMatchObject({ code: 'node_unreachable' });
    const source = createSource();
    const path = await open(source.fetchBlob).ensure(file, () => {}, forever);
    expect(source.asked).toEqual([1024 * 1024]);
    expect(digestOf(await readFile(path))).toBe(digest);
  });

  test('a stream that ends early is not taken for the whole', async () => {
    const short: FetchBlob = async () => ({ totalBytes: bytes.length, body: Readable.from([bytes.subarray(0, 1000)]) });
    await expect(open(short).ensure(file, () => {}, forever)).rejects.toMatchObject({ code: 'node_unreachable' });
    expect(existsSync(join(folder, digest.replace(':', '-')))).toBe(false);
  });

  test.each([
    ['other bytes', () => createSource(randomBytes(bytes.length)).fetchBlob],
    ['another length', () => createSource(bytes.subarray(1)).fetchBlob],
    [
      'more bytes than announced',
      (): FetchBlob => async () => ({ totalBytes: bytes.length, body: Readable.from([bytes, Buffer.from('x')]) }),
    ],
  ])('keeps nothing when %s come', async (_, makeSource) => {
    await expect(open(makeSource()).ensure(file, () => {}, forever)).rejects.toMatchObject({ code: 'digest_mismatch' });
    expect(await readdir(folder)).toEqual([]);
  });

  test('a stream without an end is left when it has sent too much', async () => {
    let sent = 0;
    const flood: FetchBlob = async () => {
      async function* pieces() {
        for (; sent < 4 * bytes.length; sent += 64 * 1024) yield Buffer.alloc(64 * 1024);
      }
      return { totalBytes: bytes.length, body: Readable.from(pieces()) };
    };
    await expect(open(flood).ensure(file, () => {}, forever)).rejects.toMatchObject({ code: 'digest_mismatch' });
    expect(sent).toBeLessThan(2 * bytes.length);
  });

  test('a spoilt part is found out at the end and not kept', async () => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${digest.replace(':', '-')}.part`), Buffer.alloc(1000));
    const weights = open(createSource().fetchBlob);
    await expect(weights.ensure(file, () => {}, forever)).rejects.toMatchObject({ code: 'digest_mismatch' });
    expect(digestOf(await readFile(await weights.ensure(file, () => {}, forever)))).toBe(digest);
  });

  test('a copy of ours that was damaged since is replaced', async () => {
    const path = await open(createSource().fetchBlob).ensure(file, () => {}, forever);
    await writeFile(path, Buffer.alloc(bytes.length));
    expect(digestOf(await readFile(await open(createSource().fetchBlob).ensure(file, () => {}, forever)))).toBe(digest);
  });

  test('a disk without room refuses before anything is fetched', async () => {
    const source = createSource();
    const huge = { ...file, sizeBytes: Number.MAX_SAFE_INTEGER };
    await expect(open(source.fetchBlob).ensure(huge, () => {}, forever)).rejects.toMatchObject({ code: 'disk_full' });
    expect(source.asked).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  test.runIf(existsSync('/dev/full'))('a disk that fills up on the way leaves nothing half', async () => {
    await mkdir(folder, { recursive: true });
    await symlink('/dev/full', join(folder, `${digest.replace(':', '-')}.part`)); // every write there fails like on a full disk
    await expect(open(createSource().fetchBlob).ensure(file, () => {}, forever)).rejects.toMatchObject({ code: 'disk_full' });
    expect(await readdir(folder)).toEqual([]);
  });

  test('what the control plane refuses is told as it said it', async () => {
    await expect(open(noSource).ensure(file, () => {}, forever)).rejects.toMatchObject({ code: 'blob_not_found' });
  });

  test('a digest that is none never becomes a path', async () => {
    const bad = { ...file, digest: 'sha256:../../../../etc/passwd' };
    await expect(open(createSource().fetchBlob).ensure(bad, () => {}, forever)).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe('shared', () => {
  test('callers at the same time share one fetch and all hear its progress', async () => {
    const source = createSource();
    const weights = open(source.fetchBlob);
    const heard = [0, 0, 0];
    const hear = (index: number) => () => {
      heard[index] = (heard[index] ?? 0) + 1;
    };
    const paths = await Promise.all(heard.map((_, index) => weights.ensure(file, hear(index), forever)));
    expect(new Set(paths).size).toBe(1);
    expect(source.asked).toEqual([0]);
    expect(heard.every((count) => count > 0)).toBe(true);
  });

  test('one who leaves takes nothing from the others; the last one who leaves ends the fetch', async () => {
    const fetching = Promise.withResolvers<AbortSignal>();
    const endless: FetchBlob = async (_, __, signal) => {
      fetching.resolve(signal);
      return { totalBytes: bytes.length, body: new Readable({ read() {}, signal }) };
    };
    const weights = open(endless);
    const [first, second] = [new AbortController(), new AbortController()];
    const waits = [first, second].map((who) => weights.ensure(file, () => {}, who.signal));
    const signal = await fetching.promise;
    first.abort(new Error('left'));
    await expect(waits[0]).rejects.toThrow('left');
    expect(signal.aborted).toBe(false);
    second.abort(new Error('left too'));
    await expect(waits[1]).rejects.toThrow('left too');
    expect(signal.aborted).toBe(true);
  });
});
