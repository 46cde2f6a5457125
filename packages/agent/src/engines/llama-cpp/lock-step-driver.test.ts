import { systemClock } from '@cluster-ai/runtime';
import { afterEach, describe, expect, test } from 'vitest';
import { createLockStepDriver, type Job, type LockStepDriver } from './lock-step-driver.ts';
import type { SamplingSettings } from './sampling.ts';
import { createScriptedDecoder, endToken } from './testing/scripted-decoder.ts';

let driver: LockStepDriver | undefined;
afterEach(() => driver?.[Symbol.asyncDispose]());

function open(options: Parameters<typeof createScriptedDecoder>[0] = {}, maxQueued = 256) {
  const decoder = createScriptedDecoder(options);
  driver = createLockStepDriver({ decoder, clock: systemClock, maxQueued });
  return { decoder, driver };
}

const job = (prompt: readonly number[], more: Partial<Job> = {}): Job => ({
  prompt,
  maxTokens: 5,
  sampling: {} as SamplingSettings,
  mayReusePrefix: true,
  signal: new AbortController().signal,
  onToken: () => 'more',
  isBlocked: () => false,
  ...more,
});

const slotsOf = (items: readonly { readonly slot: number }[]) => items.map(({ slot }) => slot);
const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

/** Lets a test hold the next decodes and release them one by one. */
function createGate() {
  let release = () => {};
  let entered = () => {};
  let arrival = new Promise<void>((resolve) => {
    entered = resolve;
  });
  return {
    async pass() {
      const open = new Promise<void>((resolve) => {
        release = resolve;
      });
      entered();
      await open;
    },
    async letOneThrough() {
      await arrival;
      arrival = new Promise<void>((resolve) => {
        entered = resolve;
      });
      release();
    },
    arrived: () => arrival,
  };
}

describe('one job', () => {
  test('gets its tokens in order and ends at its limit', async () => {
    const { driver } = open();
    const tokens: number[] = [];
    const onToken = ({ token }: { token: number }) => {
      tokens.push(token);
      return 'more' as const;
    };
    const result = await driver.run(job([1, 2, 3], { onToken }));
    expect(tokens).toEqual([4, 5, 6, 7, 8]);
    expect(result).toMatchObject({ reason: 'length', generatedTokens: 5, cachedTokens: 0 });
    expect(result.firstTokenMs).toBeGreaterThanOrEqual(result.queueMs);
  });

  test('ends where the model ends, without handing over the end', async () => {
    const { driver, decoder } = open();
    decoder.nextOf = (tokens) => (tokens.length >= 5 ? endToken : 7);
    const result = await driver.run(job([1, 2, 3], { onToken: ({ token }) => (token === endToken ? 'stop' : 'more') }));
    expect(result).toMatchObject({ reason: 'stop', generatedTokens: 2 });
  });

  test('ends when it is told to', async () => {
    const { driver } = open();
    const result = await driver.run(job([1], { onToken: ({ token }) => (token === 3 ? 'stop' : 'more') }));
    expect(result).toMatchObject({ reason: 'stop', generatedTokens: 2 });
  });

  test('is told a token while the next one is computed, and its slot is kept until that is over', async () => {
    const { driver, decoder } = open({ slots: 1 });
    const gate = createGate();
    const events: string[] = [];
    decoder.onDecode = async () => {
      events.push('decode');
      await gate.pass();
    };
    const onToken = ({ token }: { token: number }) => {
      events.push(`token ${token}`);
      return token === 3 ? ('stop' as const) : ('more' as const);
    };
    const stopped = driver.run(job([1], { onToken }));
    await gate.letOneThrough();
    await gate.letOneThrough();
    await expect(stopped).resolves.toMatchObject({ reason: 'stop', generatedTokens: 2 });
    const next = driver.run(job([50], { maxTokens: 1 }));
    await gate.arrived();
    expect(events).toEqual(['decode', 'decode', 'token 2', 'decode', 'token 3']);
    expect(driver.stats()).toMatchObject({ busySlots: 1, queued: 1 });
    await gate.letOneThrough();
    await gate.letOneThrough();
    await expect(next).resolves.toMatchObject({ generatedTokens: 1 });
  });

  test('ends with "length" when the context is full', async () => {
    const { driver } = open({ contextSize: 10 });
    expect(await driver.run(job(range(1, 8), { maxTokens: 1000 }))).toMatchObject({ reason: 'length', generatedTokens: 3 });
  });

  test('fails alone when its callback throws', async () => {
    const { driver } = open();
    const broken = driver.run(
      job([1], {
        onToken() {
          throw new Error('ours');
        },
      }),
    );
    const healthy = driver.run(job([1]));
    await expect(broken).rejects.toMatchObject({ code: 'engine_error' });
    await expect(healthy).resolves.toMatchObject({ generatedTokens: 5 });
  });

  test('fails when nothing could be sampled', async () => {
    const { driver, decoder } = open();
    decoder.nextOf = () => -1;
    await expect(driver.run(job([1]))).rejects.toMatchObject({ code: 'engine_error' });
  });
});

describe('side by side', () => {
  test('jobs share each decode', async () => {
    const { driver, decoder } = open();
    await Promise.all([driver.run(job([1])), driver.run(job([11])), driver.run(job([21]))]);
    const generating = decoder.batches.slice(1);
    expect(decoder.batches).toHaveLength(5);
    for (const batch of generating) expect(slotsOf(batch).toSorted()).toEqual([0, 1, 2]);
  });

  test('those that find no slot wait their turn in order', async () => {
    const { driver } = open({ slots: 1 });
    const ended: number[] = [];
    await Promise.all(
      [1, 2, 3].map(async (n) => {
        await driver.run(job([n]));
        ended.push(n);
      }),
    );
    expect(ended).toEqual([1, 2, 3]);
  });

  test('the queue is bounded', async () => {
    const { driver } = open({ slots: 1 }, 2);
    const controller = new AbortController();
    const running = Promise.allSettled([1, 2].map((n) => driver.run(job([n], { signal: controller.signal, maxTokens: 50 }))));
    await expect(driver.run(job([3]))).rejects.toMatchObject({ code: 'overloaded' });
    controller.abort(new Error('enough'));
    await running;
  });

  test('a long prompt is read in pieces, between which the others go on', async () => {
    const { driver, decoder } = open({ contextSize: 1000 });
    const talking = driver.run(job([1], { maxTokens: 30 }));
    await driver.run(job(range(100, 200), { maxTokens: 1 }));
    await talking;
    const pieces = decoder.batches.filter((batch) => slotsOf(batch).includes(1));
    expect(pieces.length).toBeGreaterThan(2);
    const first = decoder.batches.indexOf(pieces[0] ?? []);
    expect(slotsOf(decoder.batches[first + 1] ?? [])).toEqual([0]);
  });

  test('requests that come in different turns of the event loop begin and end together', async () => {
    const { driver, decoder } = open();
    const first = driver.run(job([1]));
    await new Promise((resolve) => setImmediate(resolve));
    const second = driver.run(job([11]));
    await Promise.all([first, second]);
    for (const batch of decoder.batches) expect(slotsOf(batch).toSorted()).toEqual([0, 1]);
  });

  test('a blocked job rests while the others go on, and goes on afterwards', async () => {
    const { driver } = open();
    let isBlocked = true;
    const lazy = driver.run(job([1], { isBlocked: () => isBlocked }));
    await expect(driver.run(job([11]))).resolves.toMatchObject({ generatedTokens: 5 });
    expect(driver.stats().busySlots).toBe(1);
    isBlocked = false;
    await expect(lazy).resolves.toMatchObject({ generatedTokens: 5 });
  });
});

describe('an abort', () => {
  test('frees the slot within one decode, for whoever waits', async () => {
    const { driver, decoder } = open({ slots: 1 });
    const gate = createGate();
    decoder.onDecode = () => gate.pass();
    const controller = new AbortController();
    const gone = driver.run(job([1], { signal: controller.signal, maxTokens: 1000 }));
    await gate.letOneThrough();
    await gate.arrived(); // the second decode runs now
    const next = driver.run(job([50], { maxTokens: 1 }));
    controller.abort(new Error('went away'));
    decoder.onDecode = () => {};
    await gate.letOneThrough();
    await expect(gone).rejects.toThrow('went away');
    await next;
    expect(decoder.batches).toHaveLength(3);
    expect(decoder.batches[2]?.[0]).toMatchObject({ tokens: [50] });
  });

  test('of one that waits takes it out of the queue, while others still run', async () => {
    const { driver, decoder } = open({ slots: 1, contextSize: 1_000_000 });
    const running = new AbortController();
    const first = driver.run(job([1], { maxTokens: 1_000_000, signal: running.signal }));
    const controller = new AbortController();
    const waiting = driver.run(job([2], { signal: controller.signal }));
    controller.abort(new Error('no longer'));
    await expect(waiting).rejects.toThrow('no longer');
    expect(driver.stats()).toMatchObject({ busySlots: 1, queued: 0 });
    running.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    expect(decoder.batches.flat().some(({ position, tokens }) => position === 0 && tokens[0] === 2)).toBe(false);
  });
});

describe('what a slot remembers', () => {
  test('is not read again, but for the last token of the prompt', async () => {
    const { driver, decoder } = open();
    const prompt = range(1, 40);
    await driver.run(job(prompt, { maxTokens: 1 }));
    const again = await driver.run(job([...prompt, 500], { maxTokens: 1 }));
    expect(again.cachedTokens).toBe(40);
    const same = await driver.run(job([...prompt, 500], { maxTokens: 1 }));
    expect(same.cachedTokens).toBe(40);
    expect(decoder.kept).toEqual([{ slot: 0, length: 40 }]);
  });

  test('is forgotten where the job wants it so, or the runtime cannot cut it', async () => {
    const { driver, decoder } = open({ slots: 1 });
    const prompt = range(1, 40);
    await driver.run(job(prompt));
    expect((await driver.run(job(prompt, { mayReusePrefix: false }))).cachedTokens).toBe(0);
    const { keepPrefix } = decoder;
    decoder.keepPrefix = (slot, length) => {
      keepPrefix(slot, 0);
      return length === 0;
    };
    expect((await driver.run(job(prompt))).cachedTokens).toBe(0);
  });
});

test('when the runtime refuses a batch its jobs fail, their slots forget, and others are served', async () => {
  const { driver, decoder } = open({ slots: 1 });
  decoder.onDecode = ([item]) => {
    if (item && item.position > 0) throw new Error('Eval has failed');
  };
  await expect(driver.run(job([1, 2]))).rejects.toMatchObject({ code: 'engine_error' });
  decoder.onDecode = () => {};
  await expect(driver.run(job([1, 2]))).resolves.toMatchObject({ generatedTokens: 5, cachedTokens: 0 });
  expect(driver.stats()).toMatchObject({ busySlots: 0, queued: 0 });
});

test('closing fails what runs and what waits, and takes nothing more', async () => {
  const { driver } = open({ slots: 1, contextSize: 1_000_000 });
  const running = driver.run(job([1], { maxTokens: 1_000_000 }));
  const waiting = driver.run(job([2]));
  const outcomes = Promise.allSettled([running, waiting]);
  await driver[Symbol.asyncDispose]();
  for (const outcome of await outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'shutting_down' } });
  await expect(driver.run(job([3]))).rejects.toMatchObject({ code: 'shutting_down' });
});
