import { createServer, request as startRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ClusterError, type InferenceUsage } from '@cluster-ai/contracts';
import { afterEach, expect, test } from 'vitest';
import { createInferenceListener, type InferenceHandlers } from './inference-listener.ts';

const usage: InferenceUsage = {
  promptTokens: 7,
  cachedTokens: 3,
  completionTokens: 2,
  queueMs: 1,
  promptMs: 2,
  generationMs: 3,
  firstTokenMs: 4,
  finishReason: 'stop',
};

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serve(handlers: Partial<InferenceHandlers>, maxBodyBytes?: number) {
  const missing = () => Promise.reject(new Error('not used here'));
  const options = { handlers: { chat: missing, complete: missing, embed: missing, ...handlers }, now: () => 1_700_000_000_000 };
  const server = createServer(createInferenceListener(maxBodyBytes === undefined ? options : { ...options, maxBodyBytes }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return (path: string, body: unknown, method = 'POST') =>
    new Promise<{ status: number; text: string; trailers: NodeJS.Dict<string>; headers: NodeJS.Dict<string | string[]> }>(
      (resolve, reject) => {
        const request = startRequest({
          port,
          host: '127.0.0.1',
          path,
          method,
          headers: { 'x-cluster-model': 'echoed', 'x-cluster-request-id': 'r1' },
        });
        request.on('error', reject);
        request.on('response', (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            const { statusCode = 0, trailers, headers } = response;
            resolve({ status: statusCode, text: Buffer.concat(chunks).toString(), trailers, headers });
          });
        });
        request.end(method === 'POST' ? (typeof body === 'string' ? body : JSON.stringify(body)) : undefined);
      },
    );
}

const question = { messages: [{ role: 'user', content: 'x' }] };
const sayHello: Partial<InferenceHandlers> = {
  async chat(_request, _exchange, answer) {
    answer.text(0, 'Hel');
    answer.text(0, 'lo');
    answer.finish(0, 'stop');
    answer.end(usage);
  },
};
const eventsOf = (text: string) =>
  text
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice(6)));

test('a streamed answer is chunks, usage where asked for, [DONE], and a trailer with the costs', async () => {
  const post = await serve(sayHello);
  const { status, text, trailers, headers } = await post('/v1/chat/completions', {
    ...question,
    stream: true,
    stream_options: { include_usage: true },
  });
  const events = eventsOf(text);
  expect(status).toBe(200);
  expect(headers['content-type']).toContain('text/event-stream');
  expect(events.map((event) => event.choices[0]?.delta ?? null)).toEqual([
    { role: 'assistant', content: 'Hel' },
    { content: 'lo' },
    {},
    null,
  ]);
  expect(events.at(-1).usage).toEqual({
    prompt_tokens: 7,
    completion_tokens: 2,
    total_tokens: 9,
    prompt_tokens_details: { cached_tokens: 3 },
  });
  expect(events[0]).toMatchObject({ id: 'chatcmpl-r1', object: 'chat.completion.chunk', created: 1_700_000_000, model: 'echoed' });
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  expect(JSON.parse(trailers['x-cluster-usage'] ?? '')).toEqual(usage);
});

test('an answer that is not streamed is one object with the same trailer', async () => {
  const post = await serve(sayHello);
  const { text, trailers } = await post('/v1/chat/completions', { ...question, timings: true });
  expect(JSON.parse(text)).toMatchObject({
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
    timings: { cache_n: 3, prompt_n: 4, predicted_n: 2 },
  });
  expect(JSON.parse(trailers['x-cluster-usage'] ?? '')).toEqual(usage);
});

test('a tool call that comes in fragments is one call in the whole answer', async () => {
  const post = await serve({
    async chat(_request, _exchange, answer) {
      answer.toolCall(0, { index: 0, id: 'c1', name: 'add', arguments: '{"a"' });
      answer.toolCall(0, { index: 0, arguments: ':1}' });
      answer.finish(0, 'tool_calls');
      answer.end(usage);
    },
  });
  const whole = JSON.parse((await post('/v1/chat/completions', question)).text);
  expect(whole.choices[0].message).toMatchObject({
    content: null,
    tool_calls: [{ id: 'c1', type: 'function', function: { name: 'add', arguments: '{"a":1}' } }],
  });
  const events = eventsOf((await post('/v1/chat/completions', { ...question, stream: true })).text);
  expect(events.map((event) => event.choices[0].delta.tool_calls?.[0])).toEqual([
    { index: 0, id: 'c1', type: 'function', function: { name: 'add', arguments: '{"a"' } },
    { index: 0, function: { arguments: ':1}' } },
    undefined,
  ]);
});

test('an error before the first byte has the status of its code, one after it is an event', async () => {
  const post = await serve({
    async chat(request, _exchange, answer) {
      if (request.stream) answer.text(0, 'So far');
      throw new ClusterError('overloaded', 'The queue is full.');
    },
  });
  const early = await post('/v1/chat/completions', question);
  expect(early).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  expect(JSON.parse(early.text)).toMatchObject({ error: { code: 'overloaded' } });
  const late = await post('/v1/chat/completions', { ...question, stream: true });
  expect(late.status).toBe(200);
  expect(eventsOf(late.text).at(-1)).toMatchObject({ error: { code: 'overloaded', message: 'The queue is full.' } });
  expect(late.text).not.toContain('[DONE]');
});

test("a stranger's error is told without its words", async () => {
  const post = await serve({ chat: () => Promise.reject(new Error('secret path')) });
  const { status, text } = await post('/v1/chat/completions', question);
  expect(status).toBe(500);
  expect(text).not.toContain('secret');
});

test.each([
  ['/v1/other', {}, 404],
  ['/v1/chat/completions', 'not json', 400],
  ['/v1/chat/completions', { messages: [{ role: 'user', content: 'y'.repeat(3000) }] }, 413],
])('%s with a bad body answers with a clear status', async (path, body, status) => {
  const post = await serve(sayHello, 2000);
  expect((await post(path, body)).status).toBe(status);
});

test('another method is not allowed', async () => {
  const post = await serve(sayHello);
  expect((await post('/v1/chat/completions', undefined, 'GET')).status).toBe(405);
});

test('a caller that goes away aborts the signal', async () => {
  let saw: (reason: unknown) => void = () => {};
  const aborted = new Promise((resolve) => {
    saw = resolve;
  });
  const server = createServer(
    createInferenceListener({
      now: Date.now,
      handlers: {
        chat: async (_request, { signal }, answer) => {
          answer.text(0, 'first');
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
          saw(signal.reason);
        },
        complete: () => Promise.reject(new Error('not used')),
        embed: () => Promise.reject(new Error('not used')),
      },
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const request = startRequest({ port, host: '127.0.0.1', path: '/v1/chat/completions', method: 'POST' });
  request.on('error', () => {});
  request.on('response', (response) => response.once('data', () => request.destroy()));
  request.end(JSON.stringify({ ...question, stream: true }));
  expect(await aborted).toMatchObject({ code: 'cancelled' });
});

test('embeddings come as numbers, or as little-endian float32 in base64', async () => {
  const post = await serve({ embed: async () => ({ vectors: [Float32Array.of(0.5, -2)], usage }) });
  const floats = JSON.parse((await post('/v1/embeddings', { input: 'x' })).text);
  expect(floats.data).toEqual([{ object: 'embedding', index: 0, embedding: [0.5, -2] }]);
  const { data } = JSON.parse((await post('/v1/embeddings', { input: 'x', encoding_format: 'base64' })).text);
  const bytes = Buffer.from(data[0].embedding, 'base64');
  expect([bytes.readFloatLE(0), bytes.readFloatLE(4)]).toEqual([0.5, -2]);
});

test('log-probabilities of a completion count where each token begins, across chunks', async () => {
  const token = (text: string) => ({ token: text, bytes: [...Buffer.from(text)], logprob: -0.5, top: [] });
  const post = await serve({
    async complete(_request, _exchange, answer) {
      answer.text(0, 'ab', [token('ab')]);
      answer.text(0, 'cde', [token('cd'), token('e')]);
      answer.finish(0, 'length');
      answer.end(usage);
    },
  });
  const events = eventsOf((await post('/v1/completions', { prompt: 'x', logprobs: 0, stream: true })).text);
  expect(events.map((event) => event.choices[0].logprobs?.text_offset)).toEqual([[0], [2, 4], undefined]);
  const whole = JSON.parse((await post('/v1/completions', { prompt: 'x', logprobs: 0 })).text);
  expect(whole.choices[0]).toMatchObject({ text: 'abcde', finish_reason: 'length', logprobs: { text_offset: [0, 2, 4] } });
});
