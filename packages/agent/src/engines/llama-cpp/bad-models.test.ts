import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { phrase, toEnglish } from '@cluster-ai/contracts';
import { makeTinyGguf } from '@cluster-ai/formats/testing';
import { silentLogger, systemClock } from '@cluster-ai/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLlamaCppEngine } from './llama-cpp-engine.ts';
import { startTestEngine, until } from './testing/start-engine.ts';

let folder: string;
let healthy: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'models-'));
  healthy = makeTinyGguf({ path: join(folder, 'tiny.gguf'), preset: 'tiny', type: 'F16' }).path;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function damagedCopy(name: string, change: (bytes: Buffer) => Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, change(await readFile(healthy)));
  return path;
}

/** Finds the value of a number in the file's metadata and replaces it. */
function withNumber(bytes: Buffer, key: string, value: number): Buffer {
  const at = bytes.indexOf(key);
  bytes.writeUInt32LE(value, at + key.length + 4); // key, its type, then the value
  return bytes;
}

describe('a file that is no model ends the start with a reason, and nothing else', () => {
  test.each<[string, (bytes: Buffer) => Buffer, string]>([
    ['an empty file', () => Buffer.alloc(0), 'invalid_model_file'],
    ['another kind of file', () => Buffer.from('<!DOCTYPE html><html>not found</html>'.repeat(100)), 'invalid_model_file'],
    ['half of a model', (bytes) => bytes.subarray(0, bytes.length / 2), 'invalid_model_file'],
    ['a header that ends midway', (bytes) => bytes.subarray(0, 5000), 'invalid_model_file'],
    ['a file on which the runtime asserts', (bytes) => withNumber(bytes, 'llama.attention.head_count', 0), 'invalid_model_file'],
    [
      'an unknown architecture',
      (bytes) => Buffer.from(bytes.toString('latin1').replaceAll('llama', 'lhama'), 'latin1'),
      'unsupported_feature',
    ],
  ])('%s', async (name, change, code) => {
    const path = await damagedCopy(`${name}.gguf`, change);
    const failure = await startTestEngine(path).then(
      () => expect.fail('It started.'),
      (error: unknown) => error as { code: string; message: string },
    );
    expect(failure.code).toBe(code);
    expect(failure.message.length).toBeGreaterThan(20);
  });

  test('a file that is not there', async () => {
    await expect(startTestEngine(join(folder, 'missing.gguf'))).rejects.toMatchObject({ code: 'invalid_model_file' });
  });
});

describe('memory', () => {
  test('a model that does not fit is refused with both numbers, before it is loaded', async () => {
    const refused = startTestEngine(healthy, { threads: 1 }, { availableMemoryBytes: 50 * 1024 * 1024 });
    await expect(refused).rejects.toMatchObject({
      code: 'not_enough_memory',
      message: expect.stringMatching(/needs \d[\d,]* MiB, and 50 MiB are free/),
      details: { availableBytes: 50 * 1024 * 1024 },
    });
  });

  test('a context that does not fit is refused, where it was asked for', async () => {
    const refused = startTestEngine(healthy, { threads: 1, contextSize: 2048, parallel: 64 }, { availableMemoryBytes: 200 * 1024 * 1024 });
    await expect(refused).rejects.toMatchObject({ code: 'not_enough_memory', message: expect.stringContaining('64 × 2048') });
  });

  test('where nothing was asked for, context and slots are what the memory allows', async () => {
    await using roomy = await startTestEngine(healthy, { threads: 1 });
    expect(roomy.facts).toMatchObject({ contextSize: 2048, parallel: 8 });
    await using tight = await startTestEngine(healthy, { threads: 1 }, { availableMemoryBytes: 130 * 1024 * 1024 });
    expect(tight.facts.contextSize * tight.facts.parallel).toBeLessThan(2048 * 8);
    const answer = await tight.client.post('/v1/chat/completions', { messages: [{ role: 'user', content: 'x' }], max_tokens: 2 });
    expect(answer.json().usage.completion_tokens).toBe(2);
  });
});

describe('the process', () => {
  /** The processes that this one started. */
  const childrenOf = async () => {
    const ids = (await readFile(`/proc/self/task/${process.pid}/children`, 'utf8')).trim();
    return ids === '' ? [] : ids.split(' ').map(Number);
  };

  test('is gone after disposing, and so is its folder', async () => {
    const before = await childrenOf();
    const engine = await startTestEngine(healthy);
    const [pid] = (await childrenOf()).filter((id) => !before.includes(id));
    await engine[Symbol.asyncDispose]();
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(existsSync(engine.endpoint.socketPath)).toBe(false);
    expect(await engine.exited).toEqual({ isWanted: true, message: [phrase('engine_was_stopped')] });
  });

  test('that is killed says so, and whoever waited learns it at once', async () => {
    const before = await childrenOf();
    await using engine = await startTestEngine(healthy);
    const [pid] = (await childrenOf()).filter((id) => !before.includes(id));
    const request = engine.client.stream('/v1/completions', { prompt: 'x', stream: true, max_tokens: 2000 }, () => {
      process.kill(pid ?? 0, 'SIGKILL');
      return undefined;
    });
    await request;
    const { isWanted, message } = await engine.exited;
    expect([isWanted, toEnglish(message)]).toEqual([false, expect.stringContaining('SIGKILL')]);
  });

  test('that hangs is ended by the watchdog, with a reason', async () => {
    const before = await childrenOf();
    await using engine = await startTestEngine(healthy, { threads: 1 }, { watchdogMs: 8000 });
    const [pid] = (await childrenOf()).filter((id) => !before.includes(id));
    process.kill(pid ?? 0, 'SIGSTOP');
    const { isWanted, message } = await engine.exited;
    expect([isWanted, toEnglish(message)]).toEqual([false, expect.stringContaining('no sign of life')]);
  });

  test('is not left behind when the start is cancelled', async () => {
    const before = await childrenOf();
    const runFolder = await mkdtemp(join(tmpdir(), 'engine-'));
    const engine = createLlamaCppEngine({ log: silentLogger, clock: systemClock });
    const controller = new AbortController();
    const start = engine.start({ replicaId: 'r', path: healthy, runFolder, options: {} }, { onProgress() {} }, controller.signal);
    controller.abort(new Error('no longer wanted'));
    await expect(start).rejects.toThrow('no longer wanted');
    expect((await childrenOf()).filter((id) => !before.includes(id))).toEqual([]);
  });

  test('tells its load once a second', async () => {
    await using engine = await startTestEngine(healthy, { threads: 1 });
    let isOver = false;
    const request = engine.client.stream('/v1/completions', { prompt: 'x', stream: true, n: 8, max_tokens: 2000 }, () =>
      isOver ? 'stop' : undefined,
    );
    await until(() => engine.stats().busySlots > 0, 'busy slots are told');
    await until(() => engine.stats().tokensPerSecond > 0, 'tokens per second are told');
    expect(engine.stats().memoryBytes).toBeGreaterThan(10_000_000);
    isOver = true;
    await request;
    await until(() => engine.stats().busySlots === 0, 'free slots are told');
  });
});

test('loading tells its progress, and the version is known without loading the runtime', async () => {
  const engine = createLlamaCppEngine({ log: silentLogger, clock: systemClock });
  expect(await engine.detect(new AbortController().signal)).toEqual({ version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
  const progress: number[] = [];
  const runFolder = await mkdtemp(join(tmpdir(), 'engine-'));
  const hooks = { onProgress: (value: number) => void progress.push(value) };
  await using _ = await engine.start(
    { replicaId: 'r', path: healthy, runFolder, options: { threads: 1 } },
    hooks,
    new AbortController().signal,
  );
  expect(progress.at(-1)).toBe(1);
  expect(progress).toEqual(progress.toSorted((a, b) => a - b));
});

test('a truncated file never becomes a replica, wherever it was cut', async () => {
  const { length } = await readFile(healthy);
  for (const share of [0.01, 0.3, 0.9, 0.999]) {
    const path = join(folder, `cut-${share}.gguf`);
    await writeFile(path, await readFile(healthy));
    await truncate(path, Math.floor(length * share));
    await expect(startTestEngine(path)).rejects.toMatchObject({ code: 'invalid_model_file' });
  }
});
