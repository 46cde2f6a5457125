import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { silentLogger, systemClock } from '@cluster-ai/runtime';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createWeights } from '../create-weights.ts';
import type { FetchBlob, Weights } from '../weights.ts';

const forever = new AbortController().signal;
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weights-cache-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Models whose bytes are their number, so that whoever fetches one can check what came. */
function toModel(number: number, sizeBytes: number) {
  const bytes = Buffer.alloc(sizeBytes, `${number} `);
  return { bytes, file: { digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, sizeBytes } };
}
type Model = ReturnType<typeof toModel>;

function createSource(models: readonly Model[]) {
  const asked: string[] = [];
  const fetchBlob: FetchBlob = async (digest, fromByte) => {
    asked.push(digest);
    const bytes = models.find((model) => model.file.digest === digest)?.bytes ?? Buffer.alloc(0);
    return { totalBytes: bytes.length, body: Readable.from([bytes.subarray(fromByte)]) };
  };
  return { asked, fetchBlob };
}

const open = (fetchBlob: FetchBlob, inFolder = folder) =>
  createWeights({
    folder: inFolder,
    fetchBlob,
    clock: systemClock,
    log: silentLogger,
    knownFolders: { ollama: [], huggingFace: [] },
  });
const ensure = (weights: Weights, { file }: Model) => weights.ensure(file, () => {}, forever);
const pathOf = ({ file }: Model) => join(folder, file.digest.replace(':', '-'));
const bytesIn = async (place: string) => {
  const names = readdirSync(place).filter((name) => name.startsWith('sha256-'));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(place, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
};

describe('room', () => {
  const [often, seldom, newcomer, huge] = [toModel(1, 400), toModel(2, 400), toModel(3, 400), toModel(4, 1001)];
  const source = createSource([often, seldom, newcomer, huge]);

  test('is made by what is used least', async () => {
    const weights = open(source.fetchBlob);
    await weights.limit(1000);
    for (const model of [often, often, seldom, newcomer]) await ensure(weights, model);
    expect([often, seldom, newcomer].map((model) => existsSync(pathOf(model)))).toEqual([true, false, true]);
    expect(weights.report()).toMatchObject({ heldBytes: 800, limitBytes: 1000, hits: 1, misses: 3, evictions: 1 });
    expect(weights.report().copies).toEqual([often, newcomer].map(({ file }) => file));
  });

  test('is never made by what a replica uses or was ordered to use', async () => {
    const weights = open(source.fetchBlob);
    await weights.limit(1000);
    {
      using _ = weights.hold(seldom.file.digest);
      for (const model of [often, often, seldom, newcomer]) await ensure(weights, model);
      expect(existsSync(pathOf(seldom))).toBe(true);
      using _other = weights.hold(newcomer.file.digest);
      await expect(ensure(weights, often)).rejects.toMatchObject({
        code: 'disk_full',
        message: expect.stringMatching(/models that run there or were ordered use/),
      });
    }
    await ensure(weights, often); // they are no longer held
    expect(existsSync(pathOf(often))).toBe(true);
  });

  test('is not there for what is larger than the whole cache; nothing is fetched and nothing goes for it', async () => {
    const { asked, fetchBlob } = createSource([often, huge]);
    const weights = open(fetchBlob);
    await weights.limit(1000);
    await ensure(weights, often);
    await expect(ensure(weights, huge)).rejects.toMatchObject({ code: 'disk_full', hint: expect.stringMatching(/cache_size/) });
    expect(asked).toEqual([often.file.digest]);
    expect(existsSync(pathOf(often))).toBe(true);
  });

  test('is made at once when the configuration gives less', async () => {
    const weights = open(source.fetchBlob);
    for (const model of [often, often, seldom]) await ensure(weights, model);
    await weights.limit(500);
    expect(await bytesIn(folder)).toBe(400);
    expect(existsSync(pathOf(often))).toBe(true);
  });

  test('is kept for a fetch under way, so that two at once do not take the same', async () => {
    const weights = open(source.fetchBlob);
    await weights.limit(1000);
    const results = await Promise.allSettled([often, seldom, newcomer].map((model) => ensure(weights, model)));
    expect(results.map(({ status }) => status)).toContain('fulfilled');
    expect(await bytesIn(folder)).toBeLessThanOrEqual(1000);
  });
});

test('a hundred misses of one digest are one fetch, whatever place each order names', async () => {
  const model = toModel(1, 5000);
  const { asked, fetchBlob } = createSource([model]);
  const weights = open(fetchBlob);
  const orders = Array.from({ length: 100 }, (_, i) => ({ ...model.file, ...(i % 2 ? { path: `/nowhere/${i}` } : {}) }));
  const paths = await Promise.all(orders.map((file) => weights.ensure(file, () => {}, forever)));
  expect(new Set(paths)).toEqual(new Set([pathOf(model)]));
  expect(asked).toHaveLength(1);
});

test('a file that is used in place is no copy: it is not counted, and never removed', async () => {
  const model = toModel(1, 5000);
  const path = join(folder, 'of the registry');
  await writeFile(path, model.bytes);
  const weights = open(createSource([]).fetchBlob, join(folder, 'own'));
  await weights.limit(0);
  expect(await weights.ensure({ ...model.file, path }, () => {}, forever)).toBe(path);
  expect(weights.report()).toMatchObject({ heldBytes: 0, copies: [] });
  await weights.limit(1);
  expect(existsSync(path)).toBe(true);
});

test('without its lists it is rebuilt from the folder', async () => {
  const models = [toModel(1, 300), toModel(2, 300)];
  const source = createSource(models);
  for (const model of models) await ensure(open(source.fetchBlob), model);
  for (const list of ['popularity.json', 'verified.json']) await writeFile(join(folder, list), 'not JSON');
  const weights = open(source.fetchBlob);
  expect(
    weights
      .report()
      .copies.map(({ digest }) => digest)
      .sort(),
  ).toEqual(models.map(({ file }) => file.digest).sort());
  for (const model of models) await ensure(weights, model);
  expect(source.asked).toHaveLength(2);
});

/** What any sequence of uses, holds, restarts and losses may do. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('use' as const), model: fc.nat(7) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('hold' as const), model: fc.nat(7) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), model: fc.nat(7) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('restart' as const, 'lose the lists' as const), model: fc.constant(0) }) },
);

test('whatever happens: never more than the limit, never less than what is held, and what is there is right', async () => {
  const limitBytes = 1000;
  const models = [50, 120, 200, 333, 480, 700, 999, 1001].map((sizeBytes, number) => toModel(number, sizeBytes));
  const source = createSource(models);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      await using place = { path: await mkdtemp(join(folder, 'run-')), [Symbol.asyncDispose]: () => rm(place.path, { recursive: true }) };
      const lie = ({ file }: Model) => existsSync(join(place.path, file.digest.replace(':', '-')));
      let weights = open(source.fetchBlob, place.path);
      await weights.limit(limitBytes);
      let holds = new Map<number, Disposable>();
      for (const { do: what, model: number } of steps) {
        const model = models[number] as Model;
        const mustStay = models.filter((other, index) => holds.has(index) && lie(other));
        if (what === 'hold' && !holds.has(number)) holds.set(number, weights.hold(model.file.digest));
        if (what === 'release') {
          holds.get(number)?.[Symbol.dispose]();
          holds.delete(number);
        }
        if (what === 'restart' || what === 'lose the lists') {
          if (what === 'lose the lists') await rm(join(place.path, 'popularity.json'), { force: true });
          holds = new Map();
          weights = open(source.fetchBlob, place.path);
          await weights.limit(limitBytes);
        }
        if (what === 'use') {
          const heldByOthers = mustStay.filter((other) => other !== model).reduce((sum, { file }) => sum + file.sizeBytes, 0);
          const fits = model.file.sizeBytes + heldByOthers <= limitBytes;
          const used = await ensure(weights, model).then(
            () => true,
            () => false,
          );
          expect(used, 'it is there exactly when it can be').toBe(fits);
        }
        expect(await bytesIn(place.path)).toBeLessThanOrEqual(limitBytes);
        if (what !== 'restart' && what !== 'lose the lists') expect(mustStay.every(lie)).toBe(true);
        expect(weights.report().heldBytes).toBe(await bytesIn(place.path));
        expect(weights.report().copies).toHaveLength(models.filter(lie).length);
      }
    }),
    { numRuns: 60 },
  );
});
