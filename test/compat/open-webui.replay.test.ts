import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, type TestCluster } from '../support/start-cluster.ts';
import { openCompatCluster, RECIFE } from './compat-cluster.ts';

/**
 * Every call that Open WebUI 0.12.4 makes to an Ollama and to an OpenAI connection, with the payloads that it builds and the fields that
 * it reads back. The program itself takes 2 GB and is tested by open-webui.test.ts where it is installed.
 */
let cluster: TestCluster;
beforeAll(async () => {
  cluster = await openCompatCluster();
});
afterAll(() => cluster.stop());

type Json = Record<string, unknown>;

const headers = {
  'Content-Type': 'application/json',
  Authorization: 'Bearer sk-anything',
  'User-Agent': 'Python/3.11 aiohttp/3.14.5',
  'X-OpenWebUI-User-Name': 'Ana',
  'X-OpenWebUI-User-Id': '8d9f',
  'X-OpenWebUI-User-Email': 'ana@example.com',
  'X-OpenWebUI-User-Role': 'admin',
  'X-OpenWebUI-Chat-Id': 'c0ffee',
};

const send = (method: string, url: string, payload?: Json) =>
  fetch(url, { method, headers, ...(payload === undefined ? {} : { body: JSON.stringify(payload) }) });

/** aiohttp's `response.json()`: it refuses any other content type. */
async function readJson(response: Response): Promise<Json> {
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  return (await response.json()) as Json;
}

async function call(method: string, url: string, payload?: Json): Promise<Json> {
  const response = await send(method, url, payload);
  expect(response.status).toBe(200);
  return readJson(response);
}

async function readLines(response: Response): Promise<Json[]> {
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('application/x-ndjson');
  return (await response.text()).split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Json]));
}

const question = { role: 'user', content: 'What is the capital of Brazil?' };
const title = {
  role: 'user',
  content: 'Give me a JSON object with name Ana and age 30.', // stands for its own long instruction to write a title as JSON
};
const tool = {
  type: 'function',
  function: { name: 'get_weather', description: 'The weather.', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
};

/** It offers all that it can do, 36 tools in 25 kB, with each question typed on its page, whatever the model says that it can. */
const everyTool = Array.from({ length: 36 }, (_, at) => ({
  type: 'function',
  function: {
    name: `search_shelf_${at}`,
    description:
      'Searches one shelf of the library by words of the query and gives the titles that hold most of them.\nThe best comes first.',
    parameters: {
      type: 'object',
      properties: {
        query: { type: 'string', description: 'Words to look for' },
        count: { type: 'integer', default: 5, description: 'How many titles to give at most' },
        author: { description: 'Only titles of this author', anyOf: [{ type: 'string' }, { type: 'null' }] },
        filters: { type: 'array', description: 'Further limits', items: { type: 'object', additionalProperties: true } },
      },
      required: ['query'],
    },
  },
}));

describe('an Ollama connection', () => {
  const at = (path: string) => `${cluster.ollamaUrl}${path}`;

  test('is verified by its version', async () => {
    expect(await call('GET', at('/api/version'))).toMatchObject({ version: expect.any(String) });
  });

  test('lists models, with the time at which a loaded one goes away', async () => {
    await call('POST', at('/api/generate'), { model: 'starter:latest', prompt: '', keep_alive: '5m' });
    const { models } = (await call('GET', at('/api/tags'))) as { models: Json[] };
    const { models: loaded } = (await call('GET', at('/api/ps'))) as { models: Json[] };
    expect(models.find(({ model }) => model === 'starter:latest')).toMatchObject({
      name: 'starter:latest',
      details: { parameter_size: expect.any(String), quantization_level: 'Q8_0' },
    });
    // datetime.fromisoformat of Python 3.11
    expect(loaded.find(({ model }) => model === 'starter:latest')?.['expires_at']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3,6})?Z$/);
  });

  test('shows a model', async () => {
    const shown = await call('POST', at('/api/show'), { model: 'starter:latest', name: 'starter:latest' });
    expect(shown).toMatchObject({ details: expect.any(Object), model_info: expect.any(Object), capabilities: expect.any(Array) });
  });

  test('chats with the options of its settings', async () => {
    const lines = await readLines(
      await send('POST', at('/api/chat'), {
        model: 'starter:latest',
        messages: [{ role: 'system', content: 'You are helpful.' }, question],
        stream: true,
        options: { temperature: 0, num_predict: 64, num_ctx: 1024, stop: ['<|im_end|>'], top_k: 40, repeat_penalty: 1.1, mirostat: 0 },
        keep_alive: '5m',
        think: false,
      }),
    );
    const contents = lines.map(({ message }) => (message as { content?: string }).content);
    expect(contents.join('')).toContain('Brasília');
    // what it turns into OpenAI's usage
    expect(lines.at(-1)).toMatchObject({
      done: true,
      done_reason: 'stop',
      prompt_eval_count: expect.any(Number),
      eval_count: expect.any(Number),
      eval_duration: expect.any(Number),
      prompt_eval_duration: expect.any(Number),
      total_duration: expect.any(Number),
      load_duration: expect.any(Number),
    });
  });

  test('answers a question that comes with every tool it has', async () => {
    const wish = { model: 'starter:latest', messages: [question], stream: true, tools: everyTool };
    const lines = await readLines(await send('POST', at('/api/chat'), wish));
    expect(lines.map(({ message }) => (message as Json)['content']).join('')).toContain('Brasília');
  });

  test('writes titles without streaming', async () => {
    const wish = { model: 'starter:latest', messages: [title], stream: false };
    const answer = await call('POST', at('/api/chat'), { ...wish, options: { temperature: 0, num_predict: 1000 } });
    expect(answer).toMatchObject({ done_reason: 'stop', message: { content: '{"name": "Ana", "age": 30}' } });
  });

  test('guesses tags and the next question without options', async () => {
    const answer = await call('POST', at('/api/chat'), { model: 'scripted:latest', messages: [title], stream: false });
    expect(answer).toMatchObject({ done: true, message: { role: 'assistant', content: 'I only know the weather.' } });
  });

  test('calls tools, with the messages that it builds from its own history', async () => {
    const asked = { role: 'user', content: 'What is the weather in Recife?' };
    const wish = { model: 'scripted:latest', stream: true, tools: [tool] };
    const first = await readLines(await send('POST', at('/api/chat'), { ...wish, messages: [asked] }));
    const [called] = first.flatMap(({ message }) => (message as { tool_calls?: Json[] }).tool_calls ?? []);
    expect(called).toMatchObject({ function: { name: 'get_weather', arguments: RECIFE } });
    const history = [
      asked,
      { role: 'assistant', content: '', tool_calls: [{ index: 0, id: 'call_1', function: { name: 'get_weather', arguments: RECIFE } }] },
      { role: 'tool', content: '31 degrees, sunny', tool_call_id: 'call_1' },
    ];
    const second = await readLines(await send('POST', at('/api/chat'), { ...wish, messages: history }));
    expect(second.map(({ message }) => (message as Json)['content']).join('')).toBe('It is sunny in Recife, with 31 degrees.');
  });

  test('generates', async () => {
    const lines = await readLines(
      await send('POST', at('/api/generate'), {
        model: 'starter:latest',
        prompt: question.content,
        stream: true,
        options: { temperature: 0 },
      }),
    );
    expect(lines.map(({ response }) => response).join('')).toContain('Brasília');
  });

  test('embeds documents', async () => {
    const many = await call('POST', at('/api/embed'), { input: ['one', 'two'], model: 'starter:latest', truncate: true });
    expect(many['embeddings']).toHaveLength(2);
    const one = await call('POST', at('/api/embeddings'), { model: 'starter:latest', prompt: 'one' });
    expect(one['embedding']).toHaveLength(256);
  });

  test('unloads a model', async () => {
    await call('POST', at('/api/generate'), { model: 'scripted:latest', prompt: '' });
    await call('POST', at('/api/generate'), { model: 'scripted:latest', keep_alive: 0, prompt: '' });
    await eventually('it is gone', async () => {
      const { models } = (await call('GET', at('/api/ps'))) as { models: Json[] };
      return models.every(({ model }) => model !== 'scripted:latest');
    });
  });

  test.each([
    ['POST', '/api/pull', { name: 'llama3.2', stream: false }],
    ['POST', '/api/push', { model: 'llama3.2' }],
    ['POST', '/api/create', { model: 'mine', from: 'starter', quantize: 'Q4_0' }],
    ['POST', '/api/copy', { source: 'nobody', destination: 'mine' }],
    ['DELETE', '/api/delete', { model: 'nobody' }],
    ['POST', `/api/blobs/sha256:${'0'.repeat(64)}`, {}],
    ['POST', '/api/chat', { model: 'nobody', messages: [question] }],
  ])('%s %s fails with a sentence that it can show', async (method, path, payload) => {
    const response = await send(method, at(path), payload);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    expect(await readJson(response)).toEqual({ error: expect.stringMatching(/\w+/) });
  });

  test('passes calls to /v1 on', async () => {
    const { data } = (await call('GET', at('/v1/models'))) as { data: Json[] };
    expect(data.map(({ id }) => id)).toContain('starter');
    const chat = await call('POST', at('/v1/chat/completions'), { model: 'starter', messages: [question], temperature: 0 });
    expect(JSON.stringify(chat)).toContain('Brasília');
    await call('POST', at('/v1/completions'), { model: 'starter', prompt: 'Once', max_tokens: 4 });
    await call('POST', at('/v1/embeddings'), { model: 'starter', input: 'one' });
  });
});

describe('an OpenAI connection', () => {
  const at = (path: string) => `${cluster.url}/v1${path}`;

  test('is verified by its models', async () => {
    const { data } = (await call('GET', at('/models'))) as { data: Json[] };
    expect(data).toEqual(expect.arrayContaining([expect.objectContaining({ id: 'starter', object: 'model' })]));
  });

  test('streams a chat, and reads text and usage', async () => {
    const response = await send('POST', at('/chat/completions'), {
      stream: true,
      model: 'starter',
      messages: [
        { role: 'system', content: 'You are helpful.' },
        { role: 'user', content: [{ type: 'text', text: question.content }] },
      ],
      temperature: 0,
      max_tokens: 64,
      stream_options: { include_usage: true },
      reasoning: { effort: 'low' },
      cache_control: { type: 'ephemeral' },
      logit_bias: {},
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const events = (await response.text()).split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []));
    expect(events.at(-1)).toBe('[DONE]');
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event) as { choices: { delta: { content?: string } }[]; usage?: Json });
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toContain('Brasília');
    expect(chunks.find(({ usage }) => usage)?.usage).toMatchObject({
      prompt_tokens: expect.any(Number),
      completion_tokens: expect.any(Number),
    });
  });

  test('answers a question that comes with every tool it has', async () => {
    const wish = { model: 'starter', messages: [question], stream: true, tools: everyTool };
    const response = await send('POST', at('/chat/completions'), wish);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('Bras');
  });

  test('writes titles without streaming', async () => {
    const answer = await call('POST', at('/chat/completions'), {
      model: 'starter',
      messages: [title],
      stream: false,
      max_tokens: 1000,
      temperature: 0,
    });
    expect(answer).toMatchObject({ choices: [{ message: { content: '{"name": "Ana", "age": 30}' } }] });
  });

  test('calls tools, streamed, and reads what they answered', async () => {
    const response = await send('POST', at('/chat/completions'), {
      stream: true,
      model: 'scripted',
      messages: [{ role: 'user', content: 'What is the weather in Recife?' }],
      tools: [tool],
      stream_options: { include_usage: true },
    });
    const text = await response.text();
    expect(text).toContain('"tool_calls"');
    expect(text).toContain('get_weather');
    expect(text).toContain('"finish_reason":"tool_calls"');
    const answer = await call('POST', at('/chat/completions'), {
      model: 'scripted',
      tools: [tool],
      messages: [
        { role: 'user', content: 'What is the weather in Recife?' },
        {
          role: 'assistant',
          content: '',
          tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: JSON.stringify(RECIFE) } }],
        },
        { role: 'tool', tool_call_id: 'call_1', content: '31 degrees, sunny' },
      ],
    });
    expect(answer).toMatchObject({ choices: [{ message: { content: 'It is sunny in Recife, with 31 degrees.' } }] });
  });

  test('embeds documents, as numbers when it asks for nothing else', async () => {
    const { data } = (await call('POST', at('/embeddings'), { input: ['one', 'two'], model: 'starter' })) as {
      data: { embedding: number[] }[];
    };
    expect(data.map(({ embedding }) => embedding.length)).toEqual([256, 256]);
  });

  test('shows the sentence of an error', async () => {
    const response = await send('POST', at('/chat/completions'), { model: 'nobody', messages: [question], stream: true });
    expect(response.status).toBe(404);
    expect(await readJson(response)).toMatchObject({ error: { message: expect.stringContaining('nobody'), code: 'model_not_found' } });
  });
});
