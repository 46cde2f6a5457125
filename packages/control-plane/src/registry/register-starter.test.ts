import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspectGguf } from '@cluster-ai/formats';
import { type Logger, silentLogger, systemClock } from '@cluster-ai/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEventBus } from '../observability/event-bus.ts';
import type { Database } from '../stores/database.ts';
import { openBlobStore } from '../stores/fs/open-blob-store.ts';
import { openDatabase } from '../stores/open-database.ts';
import { createInspector } from './inspection/inspector.ts';
import { openRegistry } from './open-registry.ts';
import { registerStarter } from './register-starter.ts';

const bundled = join(import.meta.dirname, '../../assets/starter');

let root: string;
let database: Database;
let registry: Awaited<ReturnType<typeof openRegistry>>;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cluster-ai-starter-'));
  database = await openDatabase({ url: '', folder: { database: join(root, 'cluster.db') }, log: silentLogger });
  const blobs = await openBlobStore({ folder: join(root, 'blobs') });
  const events = createEventBus({ firstId: 1 });
  registry = await openRegistry({ database, blobs, events, clock: systemClock, log: silentLogger, inspect: inspectGguf });
});
afterEach(async () => {
  await database[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

const start = (folder = bundled, log: Logger = silentLogger) =>
  registerStarter({ registry, database, folder, clock: systemClock, log }, new AbortController().signal);

test('the first start registers the bundled model and says what it is', async () => {
  await start();
  const { version, file } = await registry.resolve('starter');
  expect(file.digest).toBe('sha256:e7fbfdb014f5930f1c7208a4481d96466545e7df81080400c10ad819b038fbaa');
  expect(version.facts).toMatchObject({
    format: 'gguf',
    architecture: 'llama',
    contextLength: 1024,
    capabilities: expect.arrayContaining(['chat']),
  });
  expect((await registry.list())[0]).toMatchObject({ name: 'starter', notice: expect.stringContaining('very small demonstration model') });
});

test('what was found in it is known beforehand, and is what a look into the file finds', async () => {
  await start();
  const { inspection } = await registry.catalog.version({ name: 'starter', version: 1 });
  const inspector = createInspector(
    { clock: systemClock, log: silentLogger },
    { parallel: 1, timeoutMs: 60_000, memoryBytes: 512 * 1024 ** 2 },
  );
  expect(inspection).toMatchObject({ verdict: 'safe' });
  expect(inspection).toEqual(await inspector.inspect(join(bundled, 'cluster-ai-starter.gguf'), new AbortController().signal));
});

test('who removes it does not get it back', async () => {
  await start();
  await registry.remove('starter');
  await start();
  expect(await registry.find('starter')).toBeUndefined();
});

test('without the file there is a warning and no model; it comes with the first start that has the file', async () => {
  const warnings: string[] = [];
  await start(root, { ...silentLogger, warn: (_fields, sentence) => void warnings.push(sentence) });
  expect(warnings).toEqual([expect.stringContaining('starter model is missing')]);
  expect(await registry.list()).toEqual([]);
  await start();
  expect(await registry.find('starter')).toBeDefined();
});
