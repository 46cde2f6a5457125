import { createManualClock } from '@cluster-ai/runtime';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type AnswerWriter, parseCompletionRequest } from '../openai-dialect/index.ts';
import { type Generation, generate } from './generation.ts';
import type { Job, JobResult } from './lock-step-driver.ts';
import type { Vocabulary } from './vocabulary.ts';

const result: JobResult = {
  reason: 'stop',
  generatedTokens: 2,
  cachedTokens: 1,
  queueMs: 3,
  promptMs: 4,
  generationMs: 5,
  firstTokenMs: 7,
};

const vocabulary: Vocabulary = {
  tokenize: (text) => Array.from(text, (character) => character.charCodeAt(0)),
  tokenizeAnswer: (text) => Array.from(text, (character) => character.charCodeAt(0)),
  detokenizer: () => (tokens) => String.fromCharCode(...tokens),
  bytesOf: (token) => Buffer.from([token]),
  isToken: () => false,
  checkTokens() {},
};

function createRecorder(pending = { bytes: 0 }) {
  const said: unknown[] = [];
  const answer: AnswerWriter = {
    get pendingBytes() {
      return pending.bytes;
    },
    text: (choice, text) => void said.push([choice, text]),
    toolCall: (choice, call) => void said.push([choice, call]),
    finish: (choice, reason) => void said.push([choice, reason]),
    keepAlive: () => void said.push('keep-alive'),
    end: (usage) => void said.push(usage),
    fail: (error) => void said.push(error),
  };
  return { said, answer };
}

function start(
  run: (job: Job) => Promise<JobResult>,
  { answer, body = {} }: { answer: AnswerWriter; body?: object },
  clock = createManualClock(),
) {
  const driver = { run, stats: () => ({ busySlots: 0, queued: 0, generatedTokens: 0, computingMs: 0 }), async [Symbol.asyncDispose]() {} };
  const generation: Generation = {
    request: parseCompletionRequest({ prompt: 'x', ...body }),
    prompts: [[120]],
    maxTokens: undefined,
    topLogprobs: undefined,
    grammar: undefined,
    createToolCallReader: undefined,
    said: undefined,
    arrivedAt: clock.monotonic(),
  };
  const exchange = { requestId: 'r', model: 'm', signal: new AbortController().signal };
  return generate({ driver, vocabulary, contextSize: 100, clock }, generation, exchange, answer);
}

const sayAll = (text: string) => async (job: Job) => {
  for (const character of text) if (job.onToken({ token: character.charCodeAt(0) }) === 'stop') break;
  return result;
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('the costs of several choices count the prompt once and every answer', async () => {
  const { said, answer } = createRecorder();
  await start(sayAll('ab'), { answer, body: { n: 3 } });
  expect(said.at(-1)).toEqual({
    promptTokens: 1,
    cachedTokens: 1,
    completionTokens: 6,
    queueMs: 3,
    promptMs: 4,
    generationMs: 5,
    firstTokenMs: 7,
    finishReason: 'stop',
  });
});

test('a stop string ends its choice', async () => {
  const { said, answer } = createRecorder();
  await start(sayAll('one two three'), { answer, body: { stop: ' tw' } });
  expect(
    said
      .slice(0, -2)
      .map((piece) => (piece as [number, string])[1])
      .join(''),
  ).toBe('one');
});

test('while the prompt is read for long there are signs of life, and none after the first word', async () => {
  const { said, answer } = createRecorder();
  let goOn = () => {};
  const work = start(
    async (job) => {
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
      job.onToken({ token: 97 });
      await vi.advanceTimersByTimeAsync(60_000);
      return result;
    },
    { answer },
  );
  await vi.advanceTimersByTimeAsync(25_000);
  expect(said).toEqual(['keep-alive', 'keep-alive']);
  goOn();
  await work;
  expect(said.filter((piece) => piece === 'keep-alive')).toHaveLength(2);
});

test('when one choice fails the others are stopped, and the first failure is told', async () => {
  const { answer } = createRecorder();
  const signals: AbortSignal[] = [];
  const run = async (job: Job): Promise<JobResult> => {
    signals.push(job.signal);
    if (signals.length === 2) throw new Error('the second fails');
    return new Promise((_, reject) => job.signal.addEventListener('abort', () => reject(job.signal.reason)));
  };
  await expect(start(run, { answer, body: { n: 3 } })).rejects.toThrow('the second fails');
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true]);
});

test('a reader that takes nothing makes its choice rest, and after a minute it is given up', async () => {
  const clock = createManualClock();
  const pending = { bytes: 0 };
  const { answer } = createRecorder(pending);
  const seen: boolean[] = [];
  const run = async (job: Job) => {
    seen.push(job.isBlocked());
    pending.bytes = 300_000;
    seen.push(job.isBlocked());
    pending.bytes = 10;
    seen.push(job.isBlocked());
    pending.bytes = 300_000;
    seen.push(job.isBlocked());
    await clock.advance(61_000);
    job.isBlocked();
    job.signal.throwIfAborted();
    return result;
  };
  await expect(start(run, { answer }, clock)).rejects.toMatchObject({ code: 'cancelled' });
  expect(seen).toEqual([false, true, false, true]);
});
