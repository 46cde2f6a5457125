import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspectGguf } from '@cluster-ai/formats';
import { makeTinyGguf } from '@cluster-ai/formats/testing';
import { createManualClock, silentLogger } from '@cluster-ai/runtime';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createEventBus } from '../observability/event-bus.ts';
import { openBlobStore } from '../stores/fs/open-blob-store.ts';
import { openDatabase } from '../stores/open-database.ts';
import { findPostgresPrograms, startThrowawayPostgres, type ThrowawayPostgres } from '../stores/testing/throwaway-postgres.ts';
import { actors } from './catalog/testing/open-catalog-place.ts';
import { makeWeights } from './imports/testing/make-weights.ts';
import { sha256, startOllamaRegistry } from './imports/testing/ollama-registry.ts';
import { actor, type ImportsPlace, openImportsPlace } from './imports/testing/open-imports-place.ts';
import { openRegistry } from './open-registry.ts';

const programs = await findPostgresPrograms();
const never = new AbortController().signal;

describe.skipIf(programs === undefined)('several control planes on one PostgreSQL', () => {
  let server: ThrowawayPostgres;
  let root: string;
  beforeAll(async () => {
    server = await startThrowawayPostgres(programs ?? '');
    root = mkdtempSync(join(tmpdir(), 'cai-several-'));
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    rmSync(root, { recursive: true, force: true });
  });

  test('what one of them keeps of a reference follows an alias that another moves, within a second', async () => {
    const url = await server.createDatabase();
    const clock = createManualClock();
    const blobs = await openBlobStore({ folder: join(root, 'blobs') });
    const open = async () => {
      const database = await openDatabase({ url, folder: { database: '' }, log: silentLogger });
      const registry = await openRegistry({
        database,
        blobs,
        events: createEventBus({ firstId: 1 }),
        clock,
        log: silentLogger,
        inspect: inspectGguf,
      });
      return { registry, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
    };
    await using one = await open();
    await using other = await open();
    for (const seed of [1, 2]) {
      const path = join(root, `${seed}.gguf`);
      makeTinyGguf({ path, seed });
      await one.registry.add({ name: 'm', path, inPlace: false, description: '' }, never);
    }
    const stop = new AbortController();
    const following = other.registry.follow(stop.signal);
    const versionOf = async () => (await other.registry.resolve('m')).version.version;
    expect(await versionOf()).toBe(2);
    await one.registry.catalog.putAlias('m', 'latest', { version: 1 }, actors.keeper);
    await vi.waitFor(async () => {
      await clock.advance(1000);
      expect(await versionOf()).toBe(1);
    });
    await one.registry.remove('m');
    await vi.waitFor(async () => {
      await clock.advance(1000);
      expect(await other.registry.find('m')).toBeUndefined();
    });
    stop.abort();
    await following;
  });

  test('one of them works on an import; another takes it over once that one is silent, and the first then leaves it', async () => {
    const url = await server.createDatabase();
    await using upstream = await startOllamaRegistry();
    upstream.publish('lab/tiny:1b', { model: makeWeights() });
    const digest = sha256(makeWeights());
    let asked = 0;
    upstream.intercept = (request) => request.url?.endsWith(digest) === true && ++asked > 0; // never answers
    const clock = createManualClock();
    const places: ImportsPlace[] = [];
    const open = async (holder: string) => {
      const place = await openImportsPlace({ hosts: [upstream.host], url, holder, clock });
      places.push(place);
      return place;
    };
    const one = await open('one');
    const { operation } = await one.imports.import({ reference: `${upstream.host}/lab/tiny:1b`, inPlace: false, description: '' }, actor);
    await vi.waitFor(() => expect(asked).toBe(1));
    const other = await open('other');
    const beats = () =>
      one.database.query
        .selectFrom('settings')
        .select(['value_json', 'revision'])
        .where('key', 'like', 'operation.lease.%')
        .executeTakeFirst();
    const holder = async () => JSON.parse((await beats())?.value_json ?? 'null');
    const before = (await beats())?.revision ?? 0;
    await vi.waitFor(async () => {
      await clock.advance(1000);
      expect((await beats())?.revision).toBeGreaterThan(before + 8);
    }, 20_000);
    expect(await holder()).toBe('one');

    const { promise: isSilent, resolve: speakAgain } = Promise.withResolvers<void>();
    const { transaction } = one.database;
    Object.assign(one.database, {
      transaction: async (...work: Parameters<typeof transaction>) => {
        await isSilent;
        return transaction(...work);
      },
    });
    upstream.intercept = undefined;
    await vi.waitFor(async () => {
      await clock.advance(1000);
      expect((await other.imports.get(operation.id)).state).toBe('done');
    }, 20_000);
    speakAgain();
    await vi.waitFor(async () => {
      await clock.advance(1000);
      expect(await one.imports.get(operation.id)).toMatchObject({ state: 'done', result: { version: 1 } });
    });
    for (const place of places) await place[Symbol.asyncDispose]();
  });
});
