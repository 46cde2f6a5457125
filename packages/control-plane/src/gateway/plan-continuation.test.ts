import { describe, expect, test } from 'vitest';
import type { InferenceCall } from './gateway.ts';
import { planContinuation } from './plan-continuation.ts';

const toEvents = (chunks: readonly unknown[]) => chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('');
const delta = (delta: object, finish_reason: string | null = null) => ({ created: 7, choices: [{ index: 0, delta, finish_reason }] });
const say = (content: string) => delta({ content });
const begun = [delta({ role: 'assistant', content: 'Hel' }), say('lo')];
const question = { model: 'starter', messages: [{ role: 'user', content: 'Hi' }], stream: true };

function plan(chunks: readonly unknown[], request: object = question, path: InferenceCall['path'] = '/v1/chat/completions') {
  const found = planContinuation({ path, body: Buffer.from(JSON.stringify(request)) }, toEvents(chunks), 250);
  return found.type === 'continue' ? { ...found, body: JSON.parse(Buffer.from(found.body).toString('utf8')) } : found;
}

test('a chat goes on with what was said, and with all else as it was asked', () => {
  const request = { ...question, max_tokens: 20, seed: 3, stop: ['x'], unknown: { kept: true } };
  const body = { ...request, continuation: { text: 'Hello', created: 7, generationMs: 250 } };
  expect(plan(begun, request)).toEqual({ type: 'continue', body });
});

test('a completion too, of a text or of tokens', () => {
  const chunks = [{ created: 7, choices: [{ index: 0, text: 'One', logprobs: { tokens: ['One'] }, finish_reason: null }] }];
  for (const prompt of ['Zero', ['Zero'], [1, 2, 3], [[1, 2, 3]]])
    expect(plan(chunks, { prompt }, '/v1/completions')).toMatchObject({
      type: 'continue',
      body: { prompt, continuation: { text: 'One' } },
    });
});

test('before the first word the request is sent as it is', () => {
  const [call, keepAlive] = [{ path: '/v1/chat/completions', body: Buffer.from('{"n":3}') } as const, ': keep-alive\n\n'];
  expect(planContinuation(call, keepAlive, 0)).toEqual({ type: 'begin-anew' });
  expect(planContinuation(call, '', 0)).toEqual({ type: 'begin-anew' });
});

describe('an answer whose end was told', () => {
  const finished = [...begun, delta({}, 'stop')];
  const usage = { choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } };
  const wantsUsage = { ...question, stream_options: { include_usage: true } };

  test('lacks nothing but the end mark, where nobody asked for numbers or they came', () => {
    expect(plan(finished)).toEqual({ type: 'complete' });
    expect(plan([...finished, usage], wantsUsage)).toEqual({ type: 'complete' });
  });

  test('is not complete while the numbers are missing that were asked for', () => {
    expect(plan(finished, wantsUsage)).toMatchObject({ type: 'give-up', why: expect.stringContaining('count') });
    expect(plan(finished, { ...question, timings: true })).toMatchObject({ type: 'give-up' });
  });
});

test.each([
  ['several choices', begun, { ...question, n: 2 }, 'it has several choices'],
  ['several prompts', begun, { prompt: ['a', 'b'] }, 'it has several choices'],
  ['its prompt in front', begun, { prompt: 'a', echo: true }, 'it begins with its prompt'],
  ['a beginning of its own', begun, { ...question, continuation: { text: 'x' } }, 'it continues another one already'],
  ['a call that began', [...begun, delta({ tool_calls: [{ index: 0 }] })], question, 'it had begun to call a tool'],
  ['thoughts', [delta({ reasoning_content: 'Hm.' })], question, 'it holds more than text'],
])('an answer with %s is not continued', (_, chunks, request, why) => {
  expect(plan(chunks, request)).toEqual({ type: 'give-up', why });
});

test('what was too long to be kept, or is no event of ours, is not continued', () => {
  const call = { path: '/v1/chat/completions', body: Buffer.from('{}') } as const;
  expect(planContinuation(call, undefined, 0)).toMatchObject({ type: 'give-up', why: 'it is too long' });
  expect(planContinuation(call, 'data: {"half\n\n', 0)).toMatchObject({ type: 'give-up', why: expect.stringContaining('cannot be read') });
});

test('nulls in a chunk mean nothing', () => {
  expect(
    plan([delta({ role: 'assistant', content: 'Hello', refusal: null, tool_calls: null }), { choices: [], usage: null }]),
  ).toMatchObject({
    body: { continuation: { text: 'Hello' } },
  });
});
