import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Clock, silentLogger, systemClock } from '@cluster-ai/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createInspector, type InspectorOptions } from './inspector.ts';

const greedyScript = fileURLToPath(new URL('./testing/greedy-inspection.ts', import.meta.url));
const MIB = 1024 * 1024;
const never = new AbortController().signal;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inspector-'));
});
afterAll(() => rm(folder, { recursive: true }));

const create = (options: Partial<InspectorOptions> = {}, clock: Pick<Clock, 'sleep'> = systemClock) =>
  createInspector({ clock, log: silentLogger }, { parallel: 2, timeoutMs: 60_000, memoryBytes: 512 * MIB, ...options });
const behave = (how: string, options: Partial<InspectorOptions> = {}) =>
  create({ script: greedyScript, ...options }).inspect(join(folder, how), never);

describe('a file', () => {
  test('is looked through in a process of its own', async () => {
    const path = join(folder, 'weights.safetensors');
    await writeFile(path, Buffer.from("cposix\nsystem\n(S'true'\ntR."));
    expect(await create().inspect(path, never)).toMatchObject({ format: 'pickle', verdict: 'dangerous' });
  });

  test('that is none is refused by its code', async () => {
    await expect(create().inspect(join(folder, 'nowhere'), never)).rejects.toMatchObject({ code: 'file_not_found' });
    await expect(create().inspect('/dev/zero', never)).rejects.toMatchObject({ code: 'invalid_model_file' });
  });
});

describe('attack 10: a file that is made to', () => {
  test('take for ever is suspicious when its time is over', async () => {
    const inspection = await behave('spin', { timeoutMs: 500 });
    expect(inspection).toMatchObject({ verdict: 'suspicious', reasons: [{ code: 'inspection_timed_out', detail: '0.5 s' }] });
  });

  test.each(['buffers', 'heap'])('fill the memory with %s is suspicious when it has too much', async (how) => {
    const inspection = await behave(how, { memoryBytes: 200 * MIB });
    expect(inspection).toMatchObject({ verdict: 'suspicious', reasons: [{ code: 'inspection_out_of_memory', detail: '200 MiB' }] });
  });

  test('end the process is suspicious', async () => {
    expect(await behave('crash', { memoryBytes: 4096 * MIB })).toMatchObject({ verdict: 'suspicious' });
  });

  test('act finds that its process may read and nothing else', async () => {
    const { metadata } = await behave('escape');
    expect(metadata).toEqual({ write: 'ERR_ACCESS_DENIED', program: 'ERR_ACCESS_DENIED', thread: 'ERR_ACCESS_DENIED' });
    expect(existsSync(join(folder, 'escape.written'))).toBe(false);
  });
});

/** A clock by which nothing is ever over; tells when somebody begins to wait. */
function createEndlessClock() {
  const { promise: begun, resolve } = Promise.withResolvers<void>();
  const sleep: Clock['sleep'] = (_ms, signal) => {
    resolve();
    return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))));
  };
  return { begun, sleep };
}

test('one that is cancelled ends, whether it runs or waits', async () => {
  const stop = new AbortController();
  const clock = createEndlessClock();
  const inspector = create({ script: greedyScript, parallel: 1 }, clock);
  const both = [1, 2].map(() => inspector.inspect(join(folder, 'spin'), stop.signal));
  await clock.begun;
  stop.abort();
  const cancelled = { status: 'rejected', reason: expect.objectContaining({ code: 'cancelled' }) };
  expect(await Promise.allSettled(both)).toEqual([cancelled, cancelled]);
});
