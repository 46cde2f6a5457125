import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, defaultConfig, type Verdict } from '@cluster-ai/contracts';
import { inspectGguf } from '@cluster-ai/formats';
import { makeTinyGguf } from '@cluster-ai/formats/testing';
import { createManualClock, silentLogger } from '@cluster-ai/runtime';
import { afterEach, expect, test } from 'vitest';
import { createEventBus } from '../observability/event-bus.ts';
import { openBlobStore } from '../stores/fs/open-blob-store.ts';
import { openDatabase } from '../stores/open-database.ts';
import { actors, foundTo } from './catalog/testing/open-catalog-place.ts';
import { openRegistry } from './open-registry.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** A registry with one version of `m`, in which this was found. */
async function openWith(verdict: Verdict, policy: Partial<Config['registry']['policy']> = {}) {
  const root = mkdtempSync(join(tmpdir(), 'cai-allowed-'));
  closing.push(() => rmSync(root, { recursive: true, force: true }));
  const database = await openDatabase({ url: '', folder: { database: join(root, 'cluster.db') }, log: silentLogger });
  closing.push(() => database[Symbol.asyncDispose]());
  const registry = await openRegistry({
    database,
    blobs: await openBlobStore({ folder: join(root, 'blobs') }),
    events: createEventBus({ firstId: 1 }),
    clock: createManualClock(),
    log: silentLogger,
    inspect: inspectGguf,
    look: async () => foundTo(verdict),
    policy: { ...defaultConfig().registry.policy, ...policy },
  });
  const path = join(root, 'm.gguf');
  makeTinyGguf({ path });
  await registry.add({ name: 'm', path, inPlace: false, description: '' }, new AbortController().signal);
  return { registry, catalog: registry.catalog };
}
const first = { name: 'm', version: 1 };

test('a suspicious version is used once an admin allowed it, and no longer when that is taken back', async () => {
  const { registry, catalog } = await openWith('suspicious');
  const protect = () => catalog.putAlias('m', 'production', { version: 1, isProtected: true }, actors.keeper);
  await expect(registry.resolve('m')).rejects.toMatchObject({ code: 'verdict_refused' });
  await expect(protect()).rejects.toMatchObject({ code: 'verdict_refused' });
  expect((await catalog.allow(first, 'made by us')).allowed).toMatchObject({ reason: 'made by us' });
  expect((await registry.resolve('m')).version.version).toBe(1);
  await protect();
  expect((await catalog.version(first)).allowed).toMatchObject({ reason: 'made by us' });
  expect((await catalog.allow(first, undefined)).allowed).toBeNull();
  await expect(registry.resolve('m')).rejects.toMatchObject({ code: 'verdict_refused' });
});

test('an admin’s word is about one version of one model: it goes with no copy', async () => {
  const { registry, catalog } = await openWith('suspicious');
  await catalog.allow(first, 'made by us');
  await catalog.copy('m', 'all', actors.keeper);
  await catalog.copy('m', 'one', actors.keeper, 1);
  for (const name of ['all', 'one']) await expect(registry.resolve(name)).rejects.toMatchObject({ code: 'verdict_refused' });
});

test('attack R11: nobody can allow what is dangerous, nor anything where the policy says never', async () => {
  const { registry, catalog } = await openWith('dangerous');
  await expect(catalog.allow(first, 'I want it')).rejects.toMatchObject({ code: 'verdict_refused' });
  await expect(registry.resolve('m')).rejects.toMatchObject({ code: 'verdict_refused' });
  const strict = await openWith('suspicious', { override: 'never' });
  await expect(strict.catalog.allow(first, 'I want it')).rejects.toMatchObject({ code: 'verdict_refused' });
});
