import { ClusterError } from '@cluster-ai/contracts';
import { createManualClock } from '@cluster-ai/runtime';
import { expect, test, vi } from 'vitest';
import { permissionsOf } from '../../access/roles.ts';
import type { InferenceCall } from '../../gateway/gateway.ts';
import { eventsOf, type FakeReply, wholeOf } from '../testing/fake-gateway.ts';
import { openDoors } from '../testing/open-doors.ts';

const question = { model: 'starter', messages: [{ role: 'user', content: 'What is the capital of Brazil?' }] };
const NOW = '2023-11-14T22:13:20.000000000Z'; // where a manual clock begins
const statistics = {
  total_duration: 0,
  load_duration: 0,
  prompt_eval_count: 17,
  prompt_eval_duration: 12_500_000,
  eval_count: 3,
  eval_duration: 30_250_000,
};

type Fields = Record<string, unknown>;

/** As curl -d sends it: with a content type that says something else. */
function post(url: string, path: string, body: unknown, init: RequestInit = {}) {
  return fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...init,
  });
}

async function readLines(response: Response): Promise<Fields[]> {
  const text = await response.text();
  expect(text.endsWith('\n')).toBe(true);
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as Fields);
}

const bodyOf = (call: InferenceCall | undefined) => JSON.parse(Buffer.from(call?.body ?? []).toString()) as Fields;

/** Answers as a real engine would: streamed or not, as it is asked. */
const answerWith = (name: string) => (call: InferenceCall) => (bodyOf(call)['stream'] ? eventsOf(`${name}.sse`) : wholeOf(`${name}.json`));

async function openWith(name: string) {
  return openDoors({ answer: answerWith(name), clock: createManualClock() });
}

test('a chat streams by default, one line per piece, the last with the figures', async () => {
  await using doors = await openWith('chat');
  const response = await post(doors.url, '/api/chat', question);
  expect(response.headers.get('content-type')).toBe('application/x-ndjson');
  const head = { model: 'starter', created_at: NOW };
  expect(await readLines(response)).toEqual([
    { ...head, message: { role: 'assistant', content: 'Bras' }, done: false },
    { ...head, message: { role: 'assistant', content: 'ília' }, done: false },
    { ...head, message: { role: 'assistant', content: '.' }, done: false },
    { ...head, message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop', ...statistics },
  ]);
});

test('a chat that is not streamed is one object', async () => {
  await using doors = await openWith('chat');
  const response = await post(doors.url, '/api/chat', { ...question, model: 'starter:latest', stream: false });
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(await response.json()).toEqual({
    model: 'starter:latest',
    created_at: NOW,
    message: { role: 'assistant', content: 'Brasília.' },
    done: true,
    done_reason: 'stop',
    ...statistics,
  });
});

test('options become the fields of the engine, over what Ollama itself would choose', async () => {
  await using doors = await openWith('chat');
  const options = {
    num_ctx: 4096,
    num_predict: 64,
    seed: 7,
    temperature: 0,
    top_k: 20.9,
    min_p: 0.05,
    stop: ['\n'],
    num_keep: 4,
    num_gpu: 1,
  };
  await post(doors.url, '/api/chat', { ...question, options, format: 'json', keep_alive: '10m' });
  const [call] = doors.gateway.calls;
  expect(call).toMatchObject({ path: '/v1/chat/completions', keepAliveSeconds: 600, engineOptions: { contextSize: 4096 } });
  expect(bodyOf(call)).toEqual({
    model: 'starter',
    messages: question.messages,
    max_tokens: 64,
    seed: 7,
    temperature: 0,
    top_k: 20,
    top_p: 0.9,
    min_p: 0.05,
    repeat_penalty: 1.1,
    repeat_last_n: 64,
    stop: ['\n'],
    response_format: { type: 'json_object' },
    stream: true,
    stream_options: { include_usage: true },
    timings: true,
  });
});

test('without a limit and without a seed the engine is told of neither', async () => {
  await using doors = await openWith('chat');
  await post(doors.url, '/api/chat', { ...question, options: { num_predict: -1, seed: -1 } });
  const body = bodyOf(doors.gateway.calls[0]);
  expect(body).not.toHaveProperty('max_tokens');
  expect(body).not.toHaveProperty('seed');
  expect(doors.gateway.calls[0]).not.toHaveProperty('keepAliveSeconds');
  expect(doors.gateway.calls[0]).not.toHaveProperty('engineOptions');
});

test('a schema as format becomes a strict response format', async () => {
  await using doors = await openWith('chat');
  const schema = { type: 'object', properties: { city: { type: 'string' } } };
  await post(doors.url, '/api/chat', { ...question, format: schema });
  expect(bodyOf(doors.gateway.calls[0])['response_format']).toEqual({
    type: 'json_schema',
    json_schema: { name: 'answer', strict: true, schema },
  });
});

test.each([true, false])('tool calls are whole, with their arguments as an object (stream: %s)', async (stream) => {
  await using doors = await openWith('tool-call');
  const tools = [{ type: 'function', function: { name: 'get_weather', parameters: { type: 'object' } } }];
  const response = await post(doors.url, '/api/chat', { ...question, tools, stream });
  const [first] = await readLines(new Response(`${(await response.text()).trim()}\n`));
  expect(first?.['message']).toEqual({
    role: 'assistant',
    content: '',
    tool_calls: [{ id: 'call_a1', function: { index: 0, name: 'get_weather', arguments: { city: 'Recife' } } }],
  });
  expect(bodyOf(doors.gateway.calls[0])['tools']).toEqual(tools);
});

test('answers of tools find their calls by name and order, since most clients send no id', async () => {
  await using doors = await openWith('chat');
  const call = (name: string, args: Fields) => ({ function: { name, arguments: args } });
  await post(doors.url, '/api/chat', {
    model: 'starter',
    messages: [
      { role: 'user', content: 'Compare.' },
      { role: 'assistant', tool_calls: [call('weather', { city: 'Recife' }), call('time', {}), call('weather', { city: 'Natal' })] },
      { role: 'tool', tool_name: 'time', content: 'noon' },
      { role: 'tool', tool_name: 'weather', content: 'sun' },
      { role: 'tool', content: 'rain' },
      { role: 'tool', tool_call_id: 'given', content: 'x' },
    ],
  });
  const messages = bodyOf(doors.gateway.calls[0])['messages'] as Fields[];
  expect(messages[1]).toEqual({
    role: 'assistant',
    content: '',
    tool_calls: [
      { id: 'call_1_0', type: 'function', function: { name: 'weather', arguments: '{"city":"Recife"}' } },
      { id: 'call_1_1', type: 'function', function: { name: 'time', arguments: '{}' } },
      { id: 'call_1_2', type: 'function', function: { name: 'weather', arguments: '{"city":"Natal"}' } },
    ],
  });
  expect(messages.slice(2).map((message) => message['tool_call_id'])).toEqual(['call_1_1', 'call_1_0', 'call_1_2', 'given']);
});

test('logprobs come along where they are asked for', async () => {
  await using doors = await openWith('logprobs');
  const [first, last] = await readLines(await post(doors.url, '/api/chat', { ...question, logprobs: true, top_logprobs: 1 }));
  expect(first?.['logprobs']).toMatchObject([{ token: 'Hi', logprob: -0.25, top_logprobs: [{ token: 'Hi' }] }]);
  expect(last?.['done_reason']).toBe('length');
  expect(bodyOf(doors.gateway.calls[0])).toMatchObject({ logprobs: true, top_logprobs: 1 });
});

test('a prompt is one turn of a chat where the model has a template', async () => {
  await using doors = await openWith('chat');
  const lines = await readLines(await post(doors.url, '/api/generate', { model: 'starter', prompt: 'Hi', system: 'Be brief.' }));
  expect(lines.map((line) => line['response'])).toEqual(['Bras', 'ília', '.', '']);
  expect(lines.at(-1)).toMatchObject({ done: true, done_reason: 'stop', ...statistics });
  expect(doors.gateway.calls[0]?.path).toBe('/v1/chat/completions');
  expect(bodyOf(doors.gateway.calls[0])['messages']).toEqual([
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Hi' },
  ]);
});

test.each([
  [{ model: 'starter', prompt: 'Hi', raw: true, system: 'no' }, 'Hi'],
  [{ model: 'lab/plain', prompt: 'Hi', system: 'Be brief.' }, 'Be brief.\n\nHi'],
])('%j goes to the engine as plain text', async (request, prompt) => {
  await using doors = await openWith('completion');
  const answer = await post(doors.url, '/api/generate', { ...request, stream: false });
  expect(await answer.json()).toMatchObject({ response: 'Brasília.', done: true });
  expect(doors.gateway.calls[0]?.path).toBe('/v1/completions');
  expect(bodyOf(doors.gateway.calls[0])).toMatchObject({ prompt });
});

test('who may only ask gets the answer to keep_alive 0, and the model stays for the others', async () => {
  await using doors = await openDoors({ caller: { kind: 'key', permissions: permissionsOf('developer') } });
  const answer = await post(doors.url, '/api/generate', { model: 'starter', keep_alive: 0 });
  expect([answer.status, await answer.json()]).toMatchObject([200, { done: true, done_reason: 'unload' }]);
  expect(doors.gateway.unloads).toEqual([]);
});

test('an empty prompt loads the model, and unloads it with keep_alive 0', async () => {
  await using doors = await openWith('chat');
  const loaded = await post(doors.url, '/api/generate', { model: 'starter', keep_alive: -1, options: { num_ctx: 512 } });
  expect(await loaded.json()).toEqual({ model: 'starter', created_at: NOW, response: '', done: true, done_reason: 'load' });
  const unloaded = await post(doors.url, '/api/generate', { model: 'starter', prompt: '', keep_alive: 0 });
  expect(await unloaded.json()).toMatchObject({ response: '', done: true, done_reason: 'unload' });
  const chat = await post(doors.url, '/api/chat', { model: 'starter', messages: [], keep_alive: '0s' });
  expect(await chat.json()).toMatchObject({ message: { role: 'assistant', content: '' }, done: true, done_reason: 'unload' });
  expect(doors.gateway.loads).toEqual([{ model: 'starter', keepAliveSeconds: -1, contextSize: 512 }]);
  expect(doors.gateway.unloads).toEqual(['starter', 'starter']);
});

test.each([
  ['/api/chat', question],
  ['/api/generate', { model: 'nobody', prompt: 'x' }],
  ['/api/generate', { model: 'nobody', keep_alive: 0 }],
  ['/api/show', { model: 'nobody' }],
  ['/api/show', { name: 'nobody' }],
  ['/api/embed', { model: 'nobody', input: 'x' }],
])('%s says exactly that a model is missing, since clients look for it', async (path, body) => {
  await using doors = await openWith('chat');
  const response = await post(doors.url, path, { ...body, ...('model' in body ? { model: 'nobody' } : {}) });
  expect(response.status).toBe(404);
  expect(await response.json()).toEqual({ error: "model 'nobody' not found" });
});

test.each([
  ['/api/chat', 'nonsense', 'The body is not valid JSON.'],
  ['/api/chat', {}, 'model is required'],
  ['/api/chat', { ...question, options: { temperature: 'hot' } }, '"options.temperature" is not valid: expected a number.'],
  ['/api/chat', { ...question, keep_alive: 'soon' }, '"keep_alive" is not a duration: "soon". Write seconds,'],
  [
    '/api/chat',
    { model: 'starter', messages: [{ role: 'user', content: 'x', images: ['aGk='] }] },
    '"messages[0].images": the models here',
  ],
  ['/api/generate', { model: 'starter', prompt: 'x', images: ['aGk='] }, '"images": the models here read only text.'],
  ['/api/generate', { model: 'starter', prompt: 'x', suffix: 'y' }, '"suffix": filling in text'],
  ['/api/generate', { model: 'starter', prompt: 'x', template: '{{ .Prompt }}' }, '"template": the model\'s own template is used.'],
  ['/api/generate', { model: 'starter', prompt: 'x', context: [1, 2] }, '"context": continuing from tokens is not supported.'],
])('%s with %j is refused: %s', async (path, body, start) => {
  await using doors = await openWith('chat');
  const response = await post(doors.url, path, body);
  expect(response.status).toBe(400);
  const { error } = (await response.json()) as { error: string };
  expect(error.startsWith(start)).toBe(true);
  expect(doors.gateway.calls).toEqual([]);
});

test('an engine that fails midway ends the lines with an error', async () => {
  await using doors = await openWith('broken');
  const lines = await readLines(await post(doors.url, '/api/chat', question));
  expect(lines).toHaveLength(2);
  expect(lines[1]).toEqual({ error: 'The node was lost. Send it again.' });
});

test('an answer that breaks off ends the lines with an error', async () => {
  const [first = ''] = eventsOf('chat.sse').chunks as string[];
  await using doors = await openDoors({ answer: () => ({ chunks: [first] }) });
  const lines = await readLines(await post(doors.url, '/api/chat', question));
  expect(lines[1]).toEqual({ error: 'The answer ended before it was complete. Send the request again.' });
});

test('while a model loads a stream is kept alive by empty pieces, which every client understands', async () => {
  const clock = createManualClock();
  const loaded = Promise.withResolvers<FakeReply>();
  await using doors = await openDoors({ clock, answer: () => loaded.promise });
  const sent = post(doors.url, '/api/chat', question);
  await vi.waitFor(() => expect(doors.gateway.calls).toHaveLength(1), { timeout: 30_000 });
  await clock.advance(20_000);
  const response = await sent;
  loaded.resolve(eventsOf('chat.sse'));
  const lines = await readLines(response);
  for (const line of lines.slice(0, 2)) expect(line).toMatchObject({ message: { role: 'assistant', content: '' }, done: false });
  expect(lines).toHaveLength(6);
});

test('an error before the first byte has its status and says when to come back', async () => {
  await using doors = await openDoors({
    answer: () => {
      throw new ClusterError('overloaded', 'The queue is full.', { hint: 'Try again soon.', retryAfterSeconds: 2 });
    },
  });
  const response = await post(doors.url, '/api/chat', question);
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('2');
  expect(await response.json()).toEqual({ error: 'The queue is full. Try again soon.' });
});

test('a client that leaves stops the work', async () => {
  const [first = ''] = eventsOf('chat.sse').chunks as string[];
  await using doors = await openDoors({ answer: () => ({ chunks: [first, new Promise(() => {})] }) });
  const gone = new AbortController();
  const response = await post(doors.url, '/api/chat', question, { signal: gone.signal });
  await response.body?.getReader().read();
  gone.abort();
  await vi.waitFor(() => expect(doors.gateway.aborted).toHaveLength(1), { timeout: 30_000 });
});

test('texts to embed are cut unless that is unwanted; the older endpoint never cuts', async () => {
  await using doors = await openDoors({ answer: () => wholeOf('embeddings.json'), clock: createManualClock() });
  const ask = async (path: string, body: object) => {
    await post(doors.url, path, { model: 'starter', ...body });
    return bodyOf(doors.gateway.calls.at(-1))['truncate'];
  };
  expect(await ask('/api/embed', { input: 'a' })).toBe(true);
  expect(await ask('/api/embed', { input: 'a', truncate: null })).toBe(true);
  expect(await ask('/api/embed', { input: 'a', truncate: false })).toBe(false);
  expect(await ask('/api/embeddings', { prompt: 'a' })).toBeUndefined();
});

test('a text that is too long to embed is refused in the words that clients look for', async () => {
  const answer = () => {
    throw new ClusterError('context_length_exceeded', 'Text 0 has 2000 tokens.', { param: 'input[0]' });
  };
  await using doors = await openDoors({ answer, clock: createManualClock() });
  const response = await post(doors.url, '/api/embed', { model: 'starter', input: 'a', truncate: false });
  expect([response.status, await response.json()]).toEqual([
    400,
    { error: 'the input length exceeds the context length: Text 0 has 2000 tokens.' },
  ]);
});

test('embeddings come in the order of their inputs', async () => {
  await using doors = await openDoors({ answer: () => wholeOf('embeddings.json'), clock: createManualClock() });
  const many = await post(doors.url, '/api/embed', { model: 'starter', input: ['a', 'b'], truncate: true, dimensions: 2 });
  expect(await many.json()).toEqual({
    model: 'starter',
    embeddings: [
      [0.5, 0.25],
      [1, 0],
    ],
    total_duration: 0,
    load_duration: 0,
    prompt_eval_count: 5,
  });
  expect(bodyOf(doors.gateway.calls[0])).toEqual({
    model: 'starter',
    input: ['a', 'b'],
    encoding_format: 'float',
    dimensions: 2,
    truncate: true,
  });
  const one = await post(doors.url, '/api/embeddings', { model: 'starter', prompt: 'a' });
  expect(await one.json()).toEqual({ embedding: [0.5, 0.25] });
  const none = await post(doors.url, '/api/embed', { model: 'starter', input: '' });
  expect(await none.json()).toMatchObject({ embeddings: [] });
  expect(doors.gateway.calls).toHaveLength(2);
});

test('every alias is listed with its tag', async () => {
  await using doors = await openWith('chat');
  const { models } = (await (await fetch(`${doors.url}/api/tags`)).json()) as { models: Fields[] };
  expect(models.map((model) => model['name'])).toEqual(['starter:latest', 'starter:stable', 'lab/plain:latest', 'lab/vectors:latest']);
  expect(models[1]).toEqual({
    name: 'starter:stable',
    model: 'starter:stable',
    modified_at: '2026-01-05T00:00:00.000Z',
    size: 7_000_001,
    digest: '1'.repeat(64),
    details: {
      parent_model: '',
      format: 'gguf',
      family: 'llama',
      families: ['llama'],
      parameter_size: '5.5M',
      quantization_level: 'Q8_0',
    },
    capabilities: ['completion', 'tools'],
  });
});

test('embedding is named only for models that do nothing else, as clients understand it', async () => {
  await using doors = await openWith('chat');
  const capabilitiesOf = async (model: string) =>
    ((await (await post(doors.url, '/api/show', { model })).json()) as Fields)['capabilities'];
  expect(await capabilitiesOf('starter')).toEqual(['completion', 'tools']);
  expect(await capabilitiesOf('lab/vectors')).toEqual(['embedding']);
});

test('what runs is listed with its node', async () => {
  await using doors = await openDoors({ running: ['starter:stable'] });
  const { models } = (await (await fetch(`${doors.url}/api/ps`)).json()) as { models: Fields[] };
  expect(models).toMatchObject([
    {
      name: 'starter:stable',
      size: 123_456_789,
      size_vram: 0,
      context_length: 2048,
      expires_at: '2026-01-02T03:04:05.000Z',
      node: 'Küche',
    },
  ]);
});

test('a model shows what its file says', async () => {
  await using doors = await openWith('chat');
  const shown = await (await post(doors.url, '/api/show', { model: 'starter', verbose: true })).json();
  expect(shown).toEqual({
    license: 'MIT',
    modelfile: '# Written by the cluster from what the model\'s file says\nFROM starter\nTEMPLATE """{{ messages }}"""\n',
    parameters: '',
    template: '{{ messages }}',
    details: expect.objectContaining({ format: 'gguf', family: 'llama', parameter_size: '5.5M' }),
    model_info: {
      'general.architecture': 'llama',
      'general.parameter_count': 5_500_000,
      'llama.context_length': 2048,
      'llama.embedding_length': 256,
      'llama.block_count': 6,
      'llama.attention.head_count': 8,
      'llama.attention.head_count_kv': 4,
      'llama.vocab_size': 4096,
    },
    capabilities: ['completion', 'tools'],
    modified_at: '2026-01-02T00:00:00.000Z',
  });
});

test('the signs of life are those that clients look for', async () => {
  await using doors = await openWith('chat');
  const root = await fetch(doors.url);
  expect([root.status, await root.text()]).toEqual([200, 'Ollama is running']);
  expect((await fetch(doors.url, { method: 'HEAD' })).status).toBe(200);
  expect((await fetch(`${doors.url}/api/tags`, { method: 'HEAD' })).status).toBe(200);
  expect(await (await fetch(`${doors.url}/api/version`)).json()).toEqual({ version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
  const unknown = await fetch(`${doors.url}/api/nothing`);
  expect([unknown.status, await unknown.json()]).toEqual([404, { error: 'GET /api/nothing does not exist here.' }]);
});

test('attack 17: who may use some models only changes, copies and sends no others, and makes none under other names', async () => {
  const never = () => Promise.reject(new Error('it was done'));
  const imports = { import: never, push: never };
  const changes = { imports, compose: never, catalog: { putAlias: never, removeAlias: never, removeVersion: never } };
  await using doors = await openDoors({ changes: changes as never, caller: { models: ['lab/*'] } });
  const send = async (method: string, path: string, body: object) => {
    const answer = await fetch(`${doors.url}/api/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return [answer.status, await answer.text()];
  };
  const notFound = [404, expect.stringMatching(/not found|There is no model/)];
  expect(await send('POST', 'pull', { model: 'starter', stream: false })).toEqual(notFound);
  expect(await send('POST', 'push', { model: 'starter', stream: false })).toEqual(notFound);
  expect(await send('POST', 'create', { model: 'other', from: 'lab/plain', stream: false })).toEqual(notFound);
  expect(await send('POST', 'create', { model: 'lab/mine', from: 'starter', stream: false })).toEqual(notFound);
  expect(await send('POST', 'copy', { source: 'starter', destination: 'lab/mine' })).toEqual(notFound);
  expect(await send('POST', 'copy', { source: 'lab/plain', destination: 'other' })).toEqual(notFound);
  expect(await send('DELETE', 'delete', { model: 'starter' })).toEqual(notFound);
});
