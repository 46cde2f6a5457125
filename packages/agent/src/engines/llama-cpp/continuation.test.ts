import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Continuation } from '@cluster-ai/contracts';
import { makeTinyGguf } from '@cluster-ai/formats/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, startTestEngine } from './testing/start-engine.ts';

/** Then at each word, also of long answers. */
const isLong = process.env['CLUSTER_AI_LONG_TESTS'] === '1';

let folder = '';
let engine: Awaited<ReturnType<typeof startTestEngine>>;
/** A noise model whose words carry their spaces before them: what it says is said by a grammar. */
let noise: Awaited<ReturnType<typeof startTestEngine>>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'continuation-'));
  engine = await startTestEngine(undefined, { threads: 1, parallel: 4 });
  noise = await startTestEngine(makeTinyGguf({ path: join(folder, 'tiny.gguf'), preset: 'tiny', type: 'F16' }).path);
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await noise[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const chats = '/v1/chat/completions';
const streamed = { temperature: 0, stream: true, stream_options: { include_usage: true }, timings: true };
const toContinuation = (text: string): Continuation => ({ text, created: 1_600_000_000, generationMs: 5000 });
const ask = (content: string) => ({ messages: [{ role: 'user', content }] });
const fox = ask('Tell me a story about a brave fox.');

const piecesOf = (answer: Answer): string[] => answer.events().map(({ choices: [choice] }) => choice?.delta?.content ?? choice?.text ?? '');
const textOf = (answer: Answer): string => piecesOf(answer).join('');
const reasonOf = (answer: Answer): string => answer.events().find(({ choices }) => choices[0]?.finish_reason).choices[0].finish_reason;
const endOf = (answer: Answer) => answer.events().at(-1);
const goOn = (path: string, body: object, said: string) =>
  engine.client.post(path, { ...body, ...streamed, continuation: toContinuation(said) });

describe('an answer that another replica began goes on as if nothing had happened, wherever it broke', () => {
  test.each([
    ['a story', chats, fox],
    ['letters of two bytes', chats, ask('Conte uma história sobre um gato.')],
    ['numbers up to a limit', chats, { ...ask('Conte de 1 a 10.'), max_tokens: 20 }],
    ['a completion up to a limit', '/v1/completions', { prompt: 'Once upon', max_tokens: 40 }],
    ['penalties', chats, { ...fox, repeat_penalty: 1.1, frequency_penalty: 0.1 }],
    ['a stop string', chats, { ...fox, stop: ['red door. One', 'xyz'] }],
    ['JSON', chats, { ...ask('Give me a JSON object with name Ana and age 30.'), response_format: { type: 'json_object' } }],
    [
      'tools that are not called',
      chats,
      { ...ask('What is the capital of Brazil?'), tools: [{ type: 'function', function: { name: 'add' } }] },
    ],
  ])('%s', async (_, path, body) => {
    const whole = await engine.client.post(path, { ...body, ...streamed });
    const pieces = piecesOf(whole);
    const text = pieces.join('');
    const beginnings = new Set(pieces.map((_, at) => pieces.slice(0, at).join('')));
    beginnings.delete(text); // the last words come in one write with the end, and a stop string may have cut their token
    expect(beginnings.size).toBeGreaterThan(5);
    const isTried = (at: number) => isLong || beginnings.size < 24 || at % 3 === 0;
    for (const said of [...beginnings].filter((_, at) => isTried(at))) {
      const answer = await goOn(path, body, said);
      expect(said + textOf(answer)).toBe(text);
      expect(reasonOf(answer)).toBe(reasonOf(whole));
      const { prompt_tokens, completion_tokens } = endOf(whole).usage;
      expect(endOf(answer).usage).toMatchObject({ prompt_tokens, completion_tokens });
    }
  });
});

test('what was said is not said again, nor who speaks, and the engine tells that it knows', async () => {
  const answer = await goOn(chats, ask('What is the capital of Brazil?'), 'The capital of Brazil');
  expect(answer.headers['x-cluster-continues']).toBe('1');
  expect(textOf(answer)).toBe(' is Brasília.');
  const deltas = answer.events().map(({ choices: [choice] }) => choice?.delta ?? {});
  expect(deltas.filter((delta) => 'role' in delta)).toEqual([]);
  expect(new Set(answer.events().map(({ created }) => created))).toEqual(new Set([1_600_000_000]));
  expect((await engine.client.post(chats, { ...fox, ...streamed })).headers).not.toHaveProperty('x-cluster-continues');
});

test('the time that the beginning took counts in', async () => {
  const answer = await goOn(chats, ask('What is the capital of Brazil?'), 'The capital of Brazil');
  const { predicted_n, predicted_ms } = endOf(answer).timings;
  expect(predicted_n).toBe(10);
  expect(predicted_ms).toBeGreaterThan(5000);
  expect(JSON.parse(answer.trailers['x-cluster-usage'] ?? '')).toMatchObject({ completionTokens: 10, generationMs: predicted_ms });
});

test('a beginning that has used up max_tokens is the whole answer', async () => {
  const body = { ...fox, max_tokens: 4 };
  const whole = textOf(await engine.client.post(chats, { ...body, ...streamed }));
  const answer = await goOn(chats, body, whole);
  expect([textOf(answer), reasonOf(answer)]).toEqual(['', 'length']);
});

test('log-probabilities count on from where the beginning ended', async () => {
  const body = { prompt: 'Once upon', max_tokens: 12, logprobs: 1 };
  const whole = (await engine.client.post('/v1/completions', { ...body, temperature: 0 })).json().choices[0].logprobs;
  const said = whole.tokens.slice(0, 5).join('');
  const shown = (await goOn('/v1/completions', body, said)).events().flatMap(({ choices: [choice] }) => choice?.logprobs ?? []);
  expect(shown.flatMap(({ tokens }) => tokens)).toEqual(whole.tokens.slice(5));
  expect(shown.flatMap(({ text_offset }) => text_offset)).toEqual(whole.text_offset.slice(5));
});

test('no space comes or goes at the seam, and no part of a character, where words carry their spaces', async () => {
  const text = 'two words, é 你 and 😀  end';
  const body = { ...ask('x'), ...streamed, grammar: `root ::= ${JSON.stringify(text)}` };
  expect(textOf(await noise.client.post(chats, body))).toBe(text);
  const characters = [...text];
  for (let at = 1; at < characters.length; at++) {
    const said = characters.slice(0, at).join('');
    const answer = await noise.client.post(chats, { ...body, continuation: toContinuation(said) });
    expect(said + textOf(answer)).toBe(text);
  }
});

test('text that looks like a control token is read as the text that it is', async () => {
  const said = 'Write <|im_end|> and';
  const { usage } = endOf(await goOn(chats, { ...fox, max_tokens: 0 }, said));
  expect(usage.completion_tokens).toBeGreaterThan(8);
});

test.each([
  ['a beginning that strays from its grammar', { ...fox, grammar: 'root ::= "yes" | "no"' }, 'ye!', 'engine_error'],
  [
    'a beginning that may be a call',
    { ...fox, tools: [{ type: 'function', function: { name: 'add' } }] },
    '{"name": "add", ',
    'engine_error',
  ],
  ['a beginning that does not fit', fox, 'word '.repeat(2000), 'context_length_exceeded'],
  ['one of several answers', { ...fox, n: 2 }, 'There', 'invalid_request'],
])('is refused: %s', async (_, body, said, code) => {
  expect((await goOn(chats, body, said)).json().error).toMatchObject({ code });
});
