import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { makeWeights } from './testing/make-weights.ts';
import { type StandInRegistry, sendFile, sha256, startOllamaRegistry } from './testing/ollama-registry.ts';
import { actor, type ImportsPlace, openImportsPlace } from './testing/open-imports-place.ts';

const MIB = 1024 * 1024;
const weights = makeWeights();
let upstream: StandInRegistry;
let place: ImportsPlace;

beforeEach(async () => {
  upstream = await startOllamaRegistry();
  place = await openImportsPlace({ hosts: [upstream.host] });
});
afterEach(async () => {
  await place[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

const reference = () => `${upstream.host}/lab/tiny:1b`;
const localName = () => `${upstream.host.replace(':', '_')}/lab/tiny`;

/** A valid model whose weights are of this size: GGUF reads what its header names, and leaves the rest alone. */
const padded = (bytes: number) => Buffer.concat([weights, Buffer.alloc(bytes - weights.length, 7)]);

test('a model comes with all its layers, under the name that clients will ask for', async () => {
  upstream.publish('lab/tiny:1b', { model: weights, system: 'You are a pirate.', params: '{"temperature":0}', license: 'MIT' });
  const ended = await place.bring({ reference: reference() });
  expect(ended).toMatchObject({
    state: 'done',
    phase: 'done',
    progress: 1,
    model: `${localName()}:1b`,
    result: { name: localName(), version: 1 },
  });
  const resolved = await place.registry.resolve(`${localName()}:1b`);
  expect(resolved.version.files.map(({ path }) => path).toSorted()).toEqual([
    'config.json',
    'license',
    'model.gguf',
    'params.json',
    'system',
  ]);
  expect(resolved.file).toMatchObject({ path: 'model.gguf', digest: sha256(weights) });
  expect(await readFile(resolved.path)).toEqual(weights);
  expect(resolved.version.facts.format).toBe('gguf');
  expect(place.ran).toMatchObject([{ action: 'models.import', actor, target: localName() }]);
  expect(await readdir(place.folder)).toEqual([]);
});

test('what is here already is not fetched again, and another tag leaves latest where it was', async () => {
  upstream.publish('lab/tiny:latest', { model: weights });
  upstream.publish('lab/tiny:1b', { model: weights, system: 'Hello.' });
  await place.bring({ reference: `${upstream.host}/lab/tiny` });
  const before = upstream.requests.length;
  await place.bring({ reference: reference() });
  expect(upstream.requests.slice(before).filter(({ path }) => path.endsWith(sha256(weights)))).toEqual([]);
  expect((await place.registry.resolve(localName())).version.version).toBe(1);
  expect((await place.registry.resolve(`${localName()}:1b`)).version.version).toBe(2);
});

describe('a large file', () => {
  const large = padded(40 * MIB);
  const digest = sha256(large);
  const isBlob = (path: string | undefined) => path?.endsWith(digest) === true;

  test('comes in parts over several connections, with progress that only grows', async () => {
    upstream.publish('lab/tiny:1b', { model: large });
    expect(await place.bring({ reference: reference() })).toMatchObject({ state: 'done', bytesDone: expect.any(Number) });
    const ranges = upstream.requests.filter(({ path }) => isBlob(path)).map(({ range }) => range);
    expect(ranges).toHaveLength(1 + 5);
    const progress = place.seen.map((operation) => operation.progress);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(progress.at(-1)).toBe(1);
    const stored = await place.registry.resolve(`${localName()}:1b`);
    expect(sha256(await readFile(stored.path))).toBe(digest);
  });

  test('comes in one stream from a source that does not know parts', async () => {
    upstream.publish('lab/tiny:1b', { model: large });
    upstream.intercept = (request, response) => {
      if (!isBlob(request.url)) return false;
      response.writeHead(200, { 'content-length': large.length }).end(large);
      return true;
    };
    expect(await place.bring({ reference: reference() })).toMatchObject({ state: 'done' });
  });

  test('attack 13: parts that are cut go on where they stopped', async () => {
    upstream.publish('lab/tiny:1b', { model: large });
    let cuts = 0;
    upstream.intercept = (request, response) => {
      const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
      if (!isBlob(request.url) || range === null || range[1] === range[2] || cuts >= 4) return false;
      cuts++;
      const first = Number(range[1]);
      response.writeHead(206, {
        'content-range': `bytes ${first}-${range[2]}/${large.length}`,
        'content-length': Number(range[2]) - first + 1,
      });
      response.write(large.subarray(first, first + MIB), () => response.destroy());
      return true;
    };
    expect(await place.bring({ reference: reference() })).toMatchObject({ state: 'done' });
    expect(cuts).toBe(4);
  });

  test('attack 13: goes on after a restart with the parts that are still what they were', async () => {
    upstream.publish('lab/tiny:1b', { model: large });
    let served = 0;
    const { promise: isStuck, resolve: stuck } = Promise.withResolvers<void>();
    upstream.intercept = (request) => {
      if (!isBlob(request.url) || request.headers.range === 'bytes=0-0') return false;
      if (++served <= 3) return false;
      stuck();
      return true; // never answers
    };
    await place.imports.import({ reference: reference(), inPlace: false, description: '' }, actor);
    await isStuck;
    const partsPath = join(place.folder, `${digest.slice('sha256:'.length)}.parts`);
    const wholeParts = async () => (await readFile(partsPath, 'utf8').catch(() => '')).trim().split('\n').slice(1);
    await vi.waitFor(async () => expect(await wholeParts()).toHaveLength(3), { timeout: 30_000 });
    await place.close();
    const [spoiled = ''] = await wholeParts();
    const { offset } = JSON.parse(spoiled) as { offset: number };
    const dataPath = partsPath.replace('.parts', '.data');
    const bytes = await readFile(dataPath);
    bytes.fill(0xee, offset, offset + 10); // as if somebody wrote there, or a power cut forgot it
    await writeFile(dataPath, bytes);
    await appendFile(partsPath, '{"offset":16777'); // a line that a power cut left half

    upstream.intercept = undefined;
    const before = upstream.requests.length;
    place = await openImportsPlace({ hosts: [upstream.host], root: place.root });
    const [operation] = await place.imports.list();
    const ended = await place.end(operation?.id ?? '');
    expect(ended).toMatchObject({ state: 'done', progress: 1 });
    const again = upstream.requests.slice(before).filter(({ path, range }) => isBlob(path) && range !== 'bytes=0-0');
    expect(again.map(({ range }) => range)).toHaveLength(3); // the two that were missing, and the one that was spoiled
    expect(again.map(({ range }) => range)).toContain(`bytes=${offset}-${offset + 8 * MIB - 1}`);
  });

  test('one import of the same thing at a time: the second joins', async () => {
    upstream.publish('lab/tiny:1b', { model: large });
    const request = { reference: reference(), inPlace: false, description: '' } as const;
    const [first, second] = await Promise.all([place.imports.import(request, actor), place.imports.import(request, actor)]);
    expect([first.isNew, second.isNew, first.operation.id === second.operation.id]).toEqual([true, false, true]);
    expect(await place.end(first.operation.id)).toMatchObject({ state: 'done' });
    expect(await place.imports.list()).toHaveLength(1);
  });

  test('can be cancelled, and keeps its parts for whoever wants it again', async () => {
    upstream.publish('lab/tiny:1b', { model: large });
    const { promise: isStuck, resolve: stuck } = Promise.withResolvers<void>();
    upstream.intercept = (request) => {
      if (!isBlob(request.url) || !/-16777215$|-0$/.test(request.headers.range ?? '')) return isBlob(request.url);
      if (request.headers.range !== 'bytes=0-0') setTimeout(stuck, 100);
      return false;
    };
    const { operation } = await place.imports.import({ reference: reference(), inPlace: false, description: '' }, actor);
    await isStuck;
    expect(await place.imports.cancel(operation.id)).toMatchObject({ state: 'cancelled', endedAt: expect.any(String) });
    await expect(place.imports.cancel(operation.id)).rejects.toMatchObject({ code: 'conflict' });
    expect(await place.registry.find(`${localName()}:1b`)).toBeUndefined();
    expect(await readdir(place.folder)).toHaveLength(2);
  });

  test('a file that changes while it is fetched begins anew, where no digest says what it must be', async () => {
    const other = padded(24 * MIB).fill(9, weights.length);
    let isChanged = false;
    upstream.intercept = (request, response) => {
      if (!request.url?.endsWith('/tiny.gguf')) return false;
      const part = request.headers.range !== 'bytes=0-0' && request.headers.range !== undefined;
      if (part && request.headers['if-range'] === '"one"' && isChanged) {
        response.writeHead(200, { etag: '"two"', 'content-length': other.length }).end(other);
        return true;
      }
      sendFile(request, response, isChanged ? other : padded(24 * MIB), { etag: isChanged ? '"two"' : '"one"' });
      if (part) isChanged = true;
      return true;
    };
    expect(await place.bring({ reference: `${upstream.url}/tiny.gguf`, name: 'changed' })).toMatchObject({ state: 'done' });
    expect(sha256(await readFile((await place.registry.resolve('changed')).path))).toBe(sha256(other));
  });
});

describe('what a source gets wrong', () => {
  const failure = async (request = { reference: reference() }) => {
    const ended = await place.bring(request);
    expect(ended.state).toBe('failed');
    expect(await place.registry.list()).toEqual([]);
    return ended.reason;
  };

  test('a model that is not there is said so', async () => {
    expect(await failure()).toMatchObject({ code: 'source_not_found', said: expect.anything() });
  });

  test('attack 6: bytes that do not match their digest are refused, and not kept', async () => {
    upstream.publish('lab/tiny:1b', { model: weights });
    const other = Buffer.from(weights);
    other[other.length - 1] = (other.at(-1) ?? 0) ^ 1;
    upstream.blobs.set(sha256(weights), other);
    expect(await failure()).toMatchObject({ code: 'digest_mismatch' });
    expect(await readdir(place.folder)).toEqual([]);
  });

  test('attack 10: bytes of another size than the manifest says are refused before they are fetched', async () => {
    upstream.publish('lab/tiny:1b', { model: weights });
    upstream.blobs.set(sha256(weights), padded(20 * MIB));
    expect(await failure()).toMatchObject({ code: 'source_refused' });
    expect(upstream.requests.filter(({ range }) => range !== '' && range !== 'bytes=0-0')).toEqual([]);
  });

  test('attack 10: an endless stream ends at the size that was said', async () => {
    upstream.publish('lab/tiny:1b', { model: weights });
    let sent = 0;
    upstream.intercept = (request, response) => {
      if (!request.url?.endsWith(sha256(weights))) return false;
      response.writeHead(200);
      const more = () => {
        if (response.destroyed) return;
        sent += MIB;
        response.write(Buffer.alloc(MIB), more);
      };
      more();
      return true;
    };
    expect(await failure()).toMatchObject({ code: 'source_refused' });
    expect(sent).toBeLessThan(64 * MIB);
  });

  test('attack 13: a stream that always ends too early is an error, never a short file', async () => {
    upstream.publish('lab/tiny:1b', { model: padded(20 * MIB) });
    upstream.intercept = (request, response) => {
      if (!request.url?.includes('/blobs/')) return false;
      response.writeHead(200, { 'content-length': 20 * MIB });
      response.write(weights, () => response.destroy());
      return true;
    };
    expect(await failure()).toMatchObject({ code: 'remote_failed' });
  });

  test.each<
    [string, (manifest: { layers: Record<string, unknown>[]; config: Record<string, unknown>; [field: string]: unknown }) => unknown]
  >([
    ['a digest that is a path', (m) => ({ ...m, layers: [{ ...m.layers[0], digest: 'sha256:../../../../etc/passwd' }] })],
    ['a digest with capitals', (m) => ({ ...m, layers: [{ ...m.layers[0], digest: `sha256:${'A'.repeat(64)}` }] })],
    ['a digest of another kind', (m) => ({ ...m, layers: [{ ...m.layers[0], digest: `sha512:${'a'.repeat(128)}` }] })],
    ['a digest with a line after it', (m) => ({ ...m, layers: [{ ...m.layers[0], digest: `sha256:${'a'.repeat(64)}\n` }] })],
    ['a negative size', (m) => ({ ...m, layers: [{ ...m.layers[0], size: -1 }] })],
    ['a size beyond all numbers', (m) => ({ ...m, layers: [{ ...m.layers[0], size: 2 ** 60 }] })],
    ['a size that is text', (m) => ({ ...m, layers: [{ ...m.layers[0], size: '1' }] })],
    ['more bytes than are taken', (m) => ({ ...m, layers: [{ ...m.layers[0], size: 2000 * 1024 ** 3 }] })],
    ['a layer of another host', (m) => ({ ...m, layers: [{ ...m.layers[0], urls: ['https://elsewhere.example/x'] }] })],
    ['two models', (m) => ({ ...m, layers: [m.layers[0], m.layers[0]] })],
    ['no model', (m) => ({ ...m, layers: [{ ...m.layers[0], mediaType: 'application/vnd.ollama.image.system' }] })],
    [
      'a kind that nobody reads',
      (m) => ({ ...m, layers: [m.layers[0], { ...m.layers[0], mediaType: 'application/vnd.ollama.image.tensor' }] }),
    ],
    [
      'a packed layer',
      (m) => ({ ...m, layers: [m.layers[0], { ...m.layers[0], mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' }] }),
    ],
    [
      'a system prompt of gigabytes',
      (m) => ({ ...m, layers: [m.layers[0], { ...m.layers[0], mediaType: 'application/vnd.ollama.image.system', size: 5e9 }] }),
    ],
    ['no layers', (m) => ({ ...m, layers: [] })],
    ['an older schema', (m) => ({ ...m, schemaVersion: 1 })],
    ['ten thousand layers', (m) => ({ ...m, layers: Array(10_000).fill(m.layers[0]) })],
    ['poison for prototypes', (m) => JSON.stringify(m).replace('{', '{"__proto__":{"layers":[]},')],
    ['no JSON', () => 'not json'],
    ['JSON without an end', () => '{"schemaVersion":2,"layers":'.repeat(50)],
    ['a manifest of megabytes', (m) => ({ ...m, padding: 'x'.repeat(3 * MIB) })],
  ])('attack 6 and 10: %s is refused, and nothing is fetched', async (_what, change) => {
    upstream.publish('lab/tiny:1b', { model: weights });
    const manifest = JSON.parse(String(upstream.manifests.get('lab/tiny:1b')));
    const changed = change(manifest);
    upstream.manifests.set('lab/tiny:1b', Buffer.from(typeof changed === 'string' ? changed : JSON.stringify(changed)));
    expect(await failure()).toMatchObject({ code: expect.stringMatching(/^(source_refused|remote_failed)$/) });
    expect(upstream.requests.filter(({ path }) => path.includes('/blobs/'))).toEqual([]);
  });

  test('another manifest than its digest names is refused', async () => {
    const digest = upstream.publish('lab/tiny:1b', { model: weights });
    upstream.manifests.set(`lab/tiny:${digest}`, Buffer.from(`${upstream.manifests.get('lab/tiny:1b')} `));
    expect(await failure({ reference: `${upstream.host}/lab/tiny@${digest}` })).toMatchObject({ code: 'source_refused' });
  });

  test('a file that is no GGUF does not become a model', async () => {
    upstream.publish('lab/tiny:1b', { model: 'not a model at all' });
    expect(await failure()).toMatchObject({ code: 'invalid_model_file' });
  });
});
