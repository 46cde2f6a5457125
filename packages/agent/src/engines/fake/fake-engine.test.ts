import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as startRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inferenceHeaders } from '@cluster-ai/contracts';
import { silentLogger, systemClock } from '@cluster-ai/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningEngine } from '../engine.ts';
import { createEngineClient } from '../llama-cpp/testing/start-engine.ts';
import { createFakeEngine } from './fake-engine.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fake-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function startFake(script: object, { loadTimeoutMs = 60_000, parallel }: { loadTimeoutMs?: number; parallel?: number } = {}) {
  const runFolder = await mkdtemp(join(folder, 'run-'));
  const path = join(runFolder, 'model.fake.json');
  await writeFile(path, JSON.stringify({ fake: 1, tokensPerSecond: 10_000, ...script }));
  const progress: number[] = [];
  const engine = createFakeEngine({ log: silentLogger, clock: systemClock, loadTimeoutMs });
  const spec = { replicaId: 'r1', path, runFolder, options: parallel === undefined ? {} : { parallel } };
  const running = await engine.start(spec, { onProgress: (value) => progress.push(value) }, AbortSignal.timeout(30_000));
  return Object.assign(running, { progress, client: createEngineClient(running.endpoint.socketPath) });
}

async function readCounts({ endpoint }: RunningEngine): Promise<Record<string, number>> {
  const text = await new Promise<string>((resolve, reject) => {
    startRequest({ socketPath: endpoint.socketPath, path: '/counts' }, (response) => {
      response.setEncoding('utf8').once('data', resolve);
    })
      .on('error', reject)
      .end();
  });
  return JSON.parse(text);
}

const user = (content: string) => [{ role: 'user', content }];
const chat = '/v1/chat/completions';

describe('answers', () => {
  test('a chat streams the text of the script, token by token, with its usage', async () => {
    await using engine = await startFake({ text: 'One two three.' });
    const answer = await engine.client.post(chat, { messages: user('Hi there'), stream: true, stream_options: { include_usage: true } });
    const deltas = answer.events().flatMap((event) => event.choices.map((choice: { delta: { content?: string } }) => choice.delta.content));
    expect(deltas.filter(Boolean)).toEqual(['One', ' two', ' three.']);
    expect(answer.events().at(-1).usage).toMatchObject({ prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 });
    expect(JSON.parse(String(answer.trailers[inferenceHeaders.usage]))).toMatchObject({ completionTokens: 3, finishReason: 'stop' });
  });

  test('the first answer that matches the last message wins', async () => {
    await using engine = await startFake({ text: 'Else.', answers: [{ match: 'colour', text: 'Blue.' }] });
    expect((await engine.client.post(chat, { messages: user('Which colour?') })).json().choices[0].message.content).toBe('Blue.');
    expect((await engine.client.post(chat, { messages: user('What?') })).json().choices[0].message.content).toBe('Else.');
  });

  test('a completion answers each prompt, stops at stop strings and at its length', async () => {
    await using engine = await startFake({ text: 'a b c d e' });
    const stopped = (await engine.client.post('/v1/completions', { prompt: ['x', 'y'], stop: ' d' })).json();
    expect(stopped.choices.map((choice: { text: string }) => choice.text)).toEqual(['a b c', 'a b c']);
    const cut = (await engine.client.post('/v1/completions', { prompt: 'x', max_tokens: 2 })).json();
    expect(cut.choices[0]).toMatchObject({ text: 'a b', finish_reason: 'length' });
  });

  test('an answer that was begun elsewhere goes on after its beginning, and counts it', async () => {
    await using engine = await startFake({ text: 'One two three four.' });
    const body = { messages: user('x'), max_tokens: 3, stream: true, stream_options: { include_usage: true } };
    const toContinuation = (text: string) => ({ text, created: 1_700_000_000, generationMs: 50 });
    const answer = await engine.client.post(chat, { ...body, continuation: toContinuation('One two') });
    expect(answer.headers[inferenceHeaders.continues]).toBe('1');
    expect(answer.events().flatMap(({ choices: [choice] }) => choice?.delta.content ?? [])).toEqual([' three']);
    expect(answer.events().at(-1).usage).toMatchObject({ completion_tokens: 3 });
    const refused = await engine.client.post(chat, { ...body, continuation: toContinuation('Two') });
    expect(refused.json().error).toMatchObject({ code: 'unsupported_feature', param: 'continuation' });
  });

  test('a recorded tool call is made when the request offers the tool, and text is said when it does not', async () => {
    const call = { name: 'get_weather', arguments: { city: 'Recife', unit: 'C' } };
    await using engine = await startFake({ text: 'No tool.', answers: [{ match: 'weather', toolCalls: [call] }] });
    const tools = [{ type: 'function', function: { name: 'get_weather', parameters: { type: 'object' } } }];
    const messages = user('How is the weather?');
    const called = (await engine.client.post(chat, { messages, tools })).json().choices[0];
    expect(called.finish_reason).toBe('tool_calls');
    expect(called.message.tool_calls[0].function.name).toBe('get_weather');
    expect(JSON.parse(called.message.tool_calls[0].function.arguments)).toEqual(call.arguments);
    const said = (await engine.client.post(chat, { messages, tools, tool_choice: 'none' })).json().choices[0];
    expect(said.message.content).toBe('No tool.');
  });

  test('JSON that the script does not hold is refused, not invented', async () => {
    await using engine = await startFake({ text: 'words', answers: [{ match: 'json', text: '{"a": 1}' }] });
    const response_format = { type: 'json_object' };
    expect((await engine.client.post(chat, { messages: user('json'), response_format })).json().choices[0].message.content).toBe(
      '{"a": 1}',
    );
    const refused = await engine.client.post(chat, { messages: user('other'), response_format });
    expect([refused.status, refused.json().error.code]).toEqual([400, 'unsupported_feature']);
  });

  test('embeddings are those of the script', async () => {
    await using engine = await startFake({ embedding: [0.5, -1] });
    const answer = (await engine.client.post('/v1/embeddings', { input: ['a', 'b'] })).json();
    expect(answer.data.map((entry: { embedding: number[] }) => entry.embedding)).toEqual([
      [0.5, -1],
      [0.5, -1],
    ]);
    expect(engine.facts.capabilities).toContain('embedding');
  });
});

describe('time', () => {
  test('requests beyond the parallel ones wait their turn and say how long', async () => {
    await using engine = await startFake({ text: 'tick', answerTokens: 100_000, tokensPerSecond: 100 }, { parallel: 1 });
    expect(engine.facts.parallel).toBe(1);
    let second: ReturnType<typeof engine.client.post> | undefined;
    const whileItWaits = () => engine.stats().busySlots === 1 && engine.stats().queued === 1;
    await engine.client.stream(chat, { messages: user('x'), stream: true }, () => {
      second ??= engine.client.post(chat, { messages: user('x'), max_tokens: 1, timings: true });
      return whileItWaits() ? 'stop' : undefined;
    });
    expect(whileItWaits()).toBe(true);
    expect((await second)?.json().timings.queue_ms).toBeGreaterThan(0);
  });

  test('a caller that leaves is counted and frees its slot at once', async () => {
    await using engine = await startFake({ text: 'tick', answerTokens: 100_000, tokensPerSecond: 100 }, { parallel: 1 });
    await engine.client.stream(chat, { messages: user('x'), stream: true }, () => 'stop');
    const second = await engine.client.post(chat, { messages: user('x'), max_tokens: 1 });
    expect(second.json().choices[0].finish_reason).toBe('length');
    expect(await readCounts(engine)).toMatchObject({ started: 2, aborted: 1, finished: 1 });
  });

  test('a hundred streams side by side all get every token', async () => {
    await using engine = await startFake({ text: 'tick', answerTokens: 50, tokensPerSecond: 50 });
    const answers = await Promise.all(Array.from({ length: 100 }, () => engine.client.post(chat, { messages: user('x'), stream: true })));
    const lengths = answers.map((answer) => answer.events().filter((event) => event.choices[0]?.delta.content).length);
    expect(new Set(lengths)).toEqual(new Set([50]));
  });
});

describe('failure', () => {
  test('loading tells its progress', async () => {
    await using engine = await startFake({ loadMs: 50 });
    expect(engine.progress.at(-1)).toBe(1);
    expect(engine.facts.loadMs).toBeGreaterThanOrEqual(50);
  });

  test('a script that is no script is an invalid file', async () => {
    await expect(startFake({ tokensPerSecond: -1 })).rejects.toMatchObject({ code: 'invalid_model_file' });
    await expect(startFake({ failLoad: 'error' })).rejects.toMatchObject({ code: 'invalid_model_file' });
  });

  test('a process that dies while it loads is a crash', async () => {
    await expect(startFake({ failLoad: 'crash' })).rejects.toMatchObject({ code: 'engine_crashed' });
  });

  test('a load that never ends is ended', async () => {
    await expect(startFake({ failLoad: 'never' }, { loadTimeoutMs: 500 })).rejects.toMatchObject({ code: 'engine_timeout' });
  });

  test('a scripted crash ends the process in the middle of an answer', async () => {
    await using engine = await startFake({ text: 'a b c d e f', crashAfterTokens: 3 });
    await expect(engine.client.post(chat, { messages: user('x') })).rejects.toThrow();
    expect(await engine.exited).toMatchObject({ isWanted: false });
  });

  test('a disposed engine no longer runs', async () => {
    const engine = await startFake({ text: 'Hello.' });
    await engine[Symbol.asyncDispose]();
    expect(await engine.exited).toMatchObject({ isWanted: true });
    await expect(engine.client.post(chat, { messages: user('x') })).rejects.toThrow();
  });
});
