import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { ClusterError } from '@cluster-ai/contracts';
import { createManualClock } from '@cluster-ai/runtime';
import { expect, test, vi } from 'vitest';
import type { ClientStream } from '../shared/client-stream.ts';
import { eventsOf, type FakeReply, recorded, wholeOf } from '../testing/fake-gateway.ts';
import { openDoors } from '../testing/open-doors.ts';
import { forwardEvents } from './forward-events.ts';

const question = { model: 'starter', messages: [{ role: 'user', content: 'What is the capital of Brazil?' }] };

/** Sends bytes as they are, when a test needs them bad. */
function post(url: string, path: string, body: unknown, init: RequestInit = {}) {
  return fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...init,
  });
}

function deferred() {
  return Promise.withResolvers<void>();
}

test('the answer comes as the engine wrote it, with who answered', async () => {
  await using doors = await openDoors({ answer: () => wholeOf('chat.json') });
  const response = await post(doors.url, '/v1/chat/completions', question);
  expect(response.status).toBe(200);
  expect(await response.text()).toBe(recorded('chat.json'));
  expect(response.headers.get('x-cluster-node')).toBe('K%C3%BCche'); // a header cannot hold ü
  expect(response.headers.get('x-cluster-replica')).toBe('replica_1');
  expect(response.headers.get('x-request-id')).toMatch(/^req_/);
});

test('the engine gets the bytes that the client sent, also what the door does not know', async () => {
  await using doors = await openDoors({ answer: () => wholeOf('chat.json') });
  const odd = '{ "model":"starter",  "messages":[{"role":"user","content":"hi","extra":1}], "min_p":0.05, "max_tokens":null }';
  await post(doors.url, '/v1/chat/completions', odd);
  const [call] = doors.gateway.calls;
  expect(Buffer.from(call?.body ?? []).toString()).toBe(odd);
  expect(call).toMatchObject({ path: '/v1/chat/completions', model: 'starter' });
});

test('a request that names no model goes to the default one', async () => {
  await using doors = await openDoors({ answer: () => wholeOf('chat.json') });
  await post(doors.url, '/v1/chat/completions', { messages: question.messages });
  expect(doors.gateway.calls[0]?.model).toBe('');
});

test('a stream passes byte for byte, however the network cuts it', async () => {
  const bytes = Buffer.from(recorded('chat.sse'));
  const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, at) => bytes.subarray(at * 7, at * 7 + 7));
  await using doors = await openDoors({ answer: () => ({ contentType: 'text/event-stream', chunks: pieces }) });
  const response = await post(doors.url, '/v1/chat/completions', { ...question, stream: true });
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(response.headers.get('x-accel-buffering')).toBe('no');
  expect(response.headers.get('x-cluster-node')).toBe('K%C3%BCche');
  expect(response.headers.get('x-request-id')).toMatch(/^req_/);
  expect(await response.text()).toBe(recorded('chat.sse'));
});

test('a stream arrives piece by piece, not at its end', async () => {
  const rest = deferred();
  const [first = '', ...others] = eventsOf('chat.sse').chunks as string[];
  await using doors = await openDoors({ answer: () => ({ chunks: [first, rest.promise, ...others] }) });
  const response = await post(doors.url, '/v1/chat/completions', { ...question, stream: true });
  const reader = response.body?.getReader();
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe(first);
  rest.resolve();
  await reader?.cancel();
});

test('a reader that stops reading holds the engine back, and gets everything later', async () => {
  const event = `data: ${JSON.stringify({ choices: [{ delta: { content: 'x'.repeat(64 * 1024) } }] })}\n\n`;
  let written = 0;
  const total = 512;
  function* many() {
    for (; written < total; written++) yield event;
    yield 'data: [DONE]\n\n';
  }
  await using doors = await openDoors({ answer: () => ({ chunks: many() }) });
  const response = await post(doors.url, '/v1/chat/completions', { ...question, stream: true });
  await settled(() => written);
  expect(written).toBeLessThan(total);
  expect((await response.text()).length).toBe(total * event.length + 'data: [DONE]\n\n'.length);
});

/** Waits until a number stops changing. */
async function settled(read: () => number): Promise<void> {
  let before = -1;
  await vi.waitFor(
    () => {
      const now = read();
      const isSteady = now === before && now > 0;
      before = now;
      expect(isSteady).toBe(true);
    },
    { timeout: 10_000, interval: 100 },
  );
}

test('a client that leaves stops the work', async () => {
  const [first = ''] = eventsOf('chat.sse').chunks as string[];
  await using doors = await openDoors({ answer: () => ({ chunks: [first, new Promise(() => {})] }) });
  const gone = new AbortController();
  const response = await post(doors.url, '/v1/chat/completions', { ...question, stream: true }, { signal: gone.signal });
  await response.body?.getReader().read();
  gone.abort();
  await vi.waitFor(() => expect(doors.gateway.aborted).toHaveLength(1), { timeout: 30_000 });
});

test('a client that leaves before the first byte stops the work too', async () => {
  await using doors = await openDoors({ answer: () => new Promise<FakeReply>(() => {}) });
  const gone = new AbortController();
  const sent = post(doors.url, '/v1/chat/completions', question, { signal: gone.signal }).catch((error: unknown) => error);
  await vi.waitFor(() => expect(doors.gateway.calls).toHaveLength(1), { timeout: 30_000 });
  gone.abort();
  await sent;
  await vi.waitFor(() => expect(doors.gateway.aborted).toHaveLength(1), { timeout: 30_000 });
});

test('while a model loads a stream is kept alive by comments, and then answers', async () => {
  const clock = createManualClock();
  const loaded = deferred();
  await using doors = await openDoors({ clock, answer: () => loaded.promise.then(() => eventsOf('chat.sse')) });
  const sent = post(doors.url, '/v1/chat/completions', { ...question, stream: true });
  await vi.waitFor(() => expect(doors.gateway.calls).toHaveLength(1), { timeout: 30_000 });
  await clock.advance(25_000);
  const response = await sent;
  expect(response.status).toBe(200);
  loaded.resolve();
  expect(await response.text()).toBe(`: keep-alive\n\n: keep-alive\n\n${recorded('chat.sse')}`);
});

test('a comment never lands inside of an event', async () => {
  const clock = createManualClock();
  const rest = deferred();
  const whole = recorded('chat.sse');
  await using doors = await openDoors({ clock, answer: () => ({ chunks: [whole.slice(0, 30), rest.promise, whole.slice(30)] }) });
  const sent = post(doors.url, '/v1/chat/completions', { ...question, stream: true });
  await vi.waitFor(() => expect(doors.gateway.calls).toHaveLength(1), { timeout: 30_000 });
  await clock.advance(10_000);
  const response = await sent;
  rest.resolve();
  expect(await response.text()).toBe(`: keep-alive\n\n${whole}`);
});

test('a model that cannot load after the status was sent ends in an error event', async () => {
  const clock = createManualClock();
  const { promise, reject } = Promise.withResolvers<FakeReply>();
  await using doors = await openDoors({ clock, answer: () => promise });
  const sent = post(doors.url, '/v1/chat/completions', { ...question, stream: true });
  await vi.waitFor(() => expect(doors.gateway.calls).toHaveLength(1), { timeout: 30_000 });
  await clock.advance(10_000);
  const response = await sent;
  reject(new ClusterError('model_failed', 'The model "starter" could not be loaded.', { hint: 'Import it again.' }));
  expect(await response.text()).toBe(
    ': keep-alive\n\ndata: {"error":{"message":"The model \\"starter\\" could not be loaded. Import it again.","type":"server_error","param":null,"code":"model_failed"}}\n\n',
  );
});

test('a stream that breaks off ends in an error event, after the last whole event', async () => {
  const [first = '', second = ''] = eventsOf('chat.sse').chunks as string[];
  await using doors = await openDoors({ answer: () => ({ chunks: [first, second.slice(0, 20)] }) });
  const response = await post(doors.url, '/v1/chat/completions', { ...question, stream: true });
  const text = await response.text();
  expect(text.startsWith(`${first}data: {"error":{"message":"The answer ended before it was complete.`)).toBe(true);
  expect(text).not.toContain('[DONE]');
});

test('an answer that broke before it was read ends in an error event too', async () => {
  const body = Readable.from(['data: {}\n\n']);
  body.on('error', () => {});
  body.destroy(new ClusterError('node_lost', 'The node was lost.'));
  await new Promise((resolve) => body.once('close', resolve));
  const stream = { write: () => true, drained: async () => {} } as unknown as ClientStream;
  await expect(forwardEvents({ body }, stream)).rejects.toMatchObject({ code: 'node_lost' });
});

test("an engine's own error event passes, and nothing is added to it", async () => {
  await using doors = await openDoors({ answer: () => eventsOf('broken.sse') });
  const response = await post(doors.url, '/v1/chat/completions', { ...question, stream: true });
  expect(await response.text()).toBe(recorded('broken.sse'));
});

test.each(['', '{"id":"chatcmpl-1","choices":[{"message":{"content":"Bras'])(
  'an answer that is not whole is an error: %j',
  async (half) => {
    await using doors = await openDoors({ answer: () => ({ chunks: [half] }) });
    for (const path of ['/v1/chat/completions', '/api/chat']) {
      const response = await post(doors.url, path, { ...question, stream: false });
      expect(response.status).toBe(502);
      expect(await response.text()).toContain('The answer ended before it was complete. Send the request again.');
    }
  },
);

test('what goes wrong inside shows nothing of itself', async () => {
  await using doors = await openDoors({
    answer: () => {
      throw new Error('secret /etc/path');
    },
  });
  for (const stream of [false, true]) {
    const response = await post(doors.url, '/v1/chat/completions', { ...question, stream });
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
  }
});

test('an error that may pass says when to come back', async () => {
  await using doors = await openDoors({
    answer: () => {
      throw new ClusterError('model_loading', 'The model "starter" is loading.', {
        retryAfterSeconds: 3.2,
        details: { state: 'starting', progress: 0.4 },
      });
    },
  });
  const response = await post(doors.url, '/v1/chat/completions', { ...question, stream: true });
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('4');
  expect(response.headers.get('x-should-retry')).toBe('true');
  expect(await response.json()).toEqual({
    error: {
      message: 'The model "starter" is loading.',
      type: 'server_error',
      param: null,
      code: 'model_loading',
      details: { state: 'starting', progress: 0.4 },
    },
  });
});

test('a request that cannot succeed tells the client not to repeat it', async () => {
  await using doors = await openDoors();
  const response = await post(doors.url, '/v1/chat/completions', { ...question, model: 'nobody' });
  expect(response.status).toBe(404);
  expect(response.headers.get('x-should-retry')).toBe('false');
  expect(await response.json()).toEqual({
    error: {
      message: 'There is no model "nobody". There are: starter, lab/plain.',
      type: 'not_found_error',
      param: null,
      code: 'model_not_found',
    },
  });
});

test.each([
  ['nonsense', 'invalid_json', null],
  ['', 'invalid_json', null],
  ['[1]', 'invalid_json', null],
  [{ model: 'starter' }, 'invalid_request', 'messages'],
  [{ model: 7, messages: question.messages }, 'invalid_request', 'model'],
  [{ messages: [] }, 'invalid_request', 'messages'],
  [{ messages: [{ role: 'robot', content: 'hi' }] }, 'invalid_request', 'messages[0].role'],
  [{ messages: [{ role: 'user', content: 7 }] }, 'invalid_request', 'messages[0].content'],
  [{ messages: [{ role: 'user', content: [{ type: 'text', text: 7 }] }] }, 'invalid_request', 'messages[0].content[0].text'],
  [{ ...question, temperature: 'hot' }, 'invalid_request', 'temperature'],
  [{ ...question, stream: 'yes' }, 'invalid_request', 'stream'],
  [{ ...question, tool_choice: 'maybe' }, 'invalid_request', 'tool_choice'],
  [{ ...question, response_format: { type: 'xml' } }, 'invalid_request', 'response_format.type'],
  [{ ...question, tools: [{ type: 'function', function: {} }] }, 'invalid_request', 'tools[0].function.name'],
  [
    {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'see' },
            { type: 'image_url', image_url: { url: 'x' } },
          ],
        },
      ],
    },
    'unsupported_feature',
    'messages[0].content[1]',
  ],
])('the chat request %j is refused as %s, naming %s', async (body, code, param) => {
  await using doors = await openDoors();
  const response = await post(doors.url, '/v1/chat/completions', body);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error', code, param } });
  expect(doors.gateway.calls).toEqual([]);
});

test('null stands for left out everywhere', async () => {
  await using doors = await openDoors({ answer: () => wholeOf('chat.json') });
  const nulls = { temperature: null, stream: null, tools: null, tool_choice: null, response_format: null, stop: null, n: null };
  const response = await post(doors.url, '/v1/chat/completions', { ...question, ...nulls });
  expect(response.status).toBe(200);
});

test('completions and embeddings go their own ways', async () => {
  await using doors = await openDoors({ answer: ({ path }) => wholeOf(path === '/v1/embeddings' ? 'embeddings.json' : 'completion.json') });
  const completed = await post(doors.url, '/v1/completions', { model: 'starter', prompt: ['a', 'b'] });
  expect(await completed.text()).toBe(recorded('completion.json'));
  const embedded = await post(doors.url, '/v1/embeddings', { model: 'starter', input: 'a', encoding_format: 'base64' });
  expect(await embedded.text()).toBe(recorded('embeddings.json'));
  expect(doors.gateway.calls.map(({ path }) => path)).toEqual(['/v1/completions', '/v1/embeddings']);
});

test.each([
  ['/v1/completions', { prompt: 7 }, 'prompt', 'invalid_request'],
  ['/v1/completions', { prompt: 'a', suffix: 'b' }, 'suffix', 'unsupported_feature'],
  ['/v1/embeddings', { input: [] }, 'input', 'invalid_request'],
  ['/v1/embeddings', { input: 'a', encoding_format: 'int8' }, 'encoding_format', 'invalid_request'],
])('%s with %j is refused, naming %s', async (path, body, param, code) => {
  await using doors = await openDoors();
  const response = await post(doors.url, path, body);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { param, code } });
});

test('the list holds every name that a request can use', async () => {
  await using doors = await openDoors();
  const list = await (await fetch(`${doors.url}/v1/models`)).json();
  expect(list).toEqual({
    object: 'list',
    data: [
      { id: 'starter', object: 'model', created: 1_767_312_000, owned_by: 'cluster' },
      { id: 'starter:stable', object: 'model', created: 1_767_571_200, owned_by: 'cluster' },
      { id: 'lab/plain', object: 'model', created: 1_767_398_400, owned_by: 'cluster' },
      { id: 'lab/vectors', object: 'model', created: 1_767_484_800, owned_by: 'cluster' },
    ],
  });
});

test.each(['lab/plain', 'lab%2Fplain', 'starter:stable', 'starter%3Astable'])('the model %s is found', async (id) => {
  await using doors = await openDoors();
  const response = await fetch(`${doors.url}/v1/models/${id}`);
  expect(await response.json()).toMatchObject({ id: decodeURIComponent(id), object: 'model', owned_by: 'cluster' });
});

test.each([
  ['GET', '/v1/models/nobody', 404, 'model_not_found'],
  ['DELETE', '/v1/models/starter', 405, 'method_not_allowed'],
  ['GET', '/v1/assistants', 404, 'unknown_route'],
])('%s %s answers %i in the dialect', async (method, path, status, code) => {
  await using doors = await openDoors();
  const response = await fetch(`${doors.url}${path}`, { method });
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ error: { code } });
});

test('a body that is not JSON by its type is refused in the dialect', async () => {
  await using doors = await openDoors();
  const plain = await post(doors.url, '/v1/chat/completions', question, { headers: { 'content-type': 'text/plain' } });
  expect(plain.status).toBe(415);
  expect(await plain.json()).toMatchObject({ error: { code: 'unsupported_media_type', type: 'invalid_request_error' } });
});

test.each(['/v1/chat/completions', '/api/chat'])('%s refuses a body that is too large before it is sent', async (path) => {
  await using doors = await openDoors();
  const request = httpRequest(`${doors.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': 21 * 1024 * 1024 },
  });
  request.write('{');
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(413);
  expect((await response.toArray()).join('')).toContain(
    'The body is larger than this route accepts. Send less, or raise inference.maxBodyMiB',
  );
  request.destroy();
});
