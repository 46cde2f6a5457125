import { type ChatResponse, Ollama, type Tool } from 'ollama';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, type TestCluster } from '../support/start-cluster.ts';
import { openCompatCluster, RECIFE, similarity, tooLong } from './compat-cluster.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await openCompatCluster();
});
afterAll(() => cluster.stop());

const question = { role: 'user', content: 'What is the capital of Brazil?' };
const options = { temperature: 0 };
const weather: Tool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather of a city.',
    parameters: { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer' } }, required: ['city', 'days'] },
  },
};

// the port of the main listener, and that of Ollama, where clients look by themselves
describe.each(['ollamaUrl', 'url'] as const)('the official Ollama client for JavaScript, at %s', (port) => {
  const open = () => new Ollama({ host: cluster[port] });

  test('asks for the version', async () => {
    expect(await open().version()).toEqual({ version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
  });

  test('lists the models with their tags', async () => {
    const { models } = await open().list();
    const starter = models.find(({ name }) => name === 'starter:latest');
    expect(starter).toMatchObject({ model: 'starter:latest', details: { format: 'gguf', family: 'llama', quantization_level: 'Q8_0' } });
    expect(starter?.size).toBe(5_961_120);
    expect(starter?.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  test('shows a model', async () => {
    const shown = await open().show({ model: 'starter' });
    expect(shown.details).toMatchObject({ family: 'llama', parameter_size: expect.stringMatching(/^5\.5/) });
    const info = new Map(Object.entries(shown.model_info));
    expect(info.get('general.architecture')).toBe('llama');
    expect(info.get('llama.context_length')).toBe(1024);
    expect(info.get('llama.embedding_length')).toBe(256);
    expect(shown.capabilities).toContain('completion');
    expect(shown.template).toContain('im_start');
    expect(shown.license).toContain('MIT');
  });

  test('chats', async () => {
    const answer = await open().chat({ model: 'starter', messages: [question], options });
    expect(answer).toMatchObject({
      model: 'starter',
      message: { role: 'assistant', content: 'The capital of Brazil is Brasília.' },
      done: true,
      done_reason: 'stop',
    });
    expect(answer.prompt_eval_count).toBeGreaterThan(5);
    expect(answer.eval_count).toBeGreaterThan(2);
    expect(answer.eval_duration).toBeGreaterThan(0);
    expect(answer.total_duration).toBeGreaterThanOrEqual(answer.eval_duration);
    expect(Date.parse(String(answer.created_at))).toBeGreaterThan(Date.now() - 60_000);
  });

  test('streams a chat', async () => {
    const parts: ChatResponse[] = [];
    for await (const part of await open().chat({ model: 'starter', messages: [question], options, stream: true })) parts.push(part);
    expect(parts.map(({ message }) => message.content).join('')).toBe('The capital of Brazil is Brasília.');
    expect(parts.length).toBeGreaterThan(4);
    expect(parts.slice(0, -1).every(({ done }) => !done)).toBe(true);
    expect(parts.at(-1)).toMatchObject({ done: true, done_reason: 'stop', eval_count: expect.any(Number) });
  });

  test('generates, with a system message, whole and streamed', async () => {
    const wish = { model: 'starter', prompt: 'What is the capital of Japan?', options };
    expect((await open().generate(wish)).response).toContain('Tokyo');
    let text = '';
    for await (const part of await open().generate({ ...wish, system: 'You are helpful.', stream: true })) text += part.response;
    expect(text).toContain('Tokyo');
  });

  test('generates from raw text', async () => {
    const prompt = '<|im_start|>user\nWhat is the capital of Brazil?<|im_end|>\n<|im_start|>assistant\n';
    const answer = await open().generate({ model: 'starter', prompt, raw: true, options: { ...options, num_predict: 12 } });
    expect(answer.response).toContain('Brasília');
  });

  test('stops at a number of tokens, and says so', async () => {
    const answer = await open().chat({ model: 'starter', messages: [question], options: { ...options, num_predict: 2 } });
    expect(answer).toMatchObject({ done_reason: 'length', eval_count: 2 });
  });

  test('JSON by a schema is that JSON, and so is any JSON', async () => {
    const messages = [{ role: 'user', content: 'Give me a JSON object with name Ana and age 30.' }];
    const schema = {
      type: 'object',
      properties: { name: { type: 'string', maxLength: 20 }, age: { type: 'integer', minimum: 0, maximum: 150 } },
      required: ['name', 'age'],
    };
    for (const format of [schema, 'json']) {
      const answer = await open().chat({ model: 'starter', messages, options, format });
      expect(JSON.parse(answer.message.content)).toEqual({ name: 'Ana', age: 30 });
    }
  });

  test.each([false, true])('a model that calls tools by itself is answered, and answers (stream: %s)', async (stream) => {
    const ask = async (messages: ChatResponse['message'][]) => {
      if (!stream) return (await open().chat({ model: 'scripted', messages, tools: [weather] })).message;
      const whole: ChatResponse['message'] = { role: 'assistant', content: '' };
      for await (const { message } of await open().chat({ model: 'scripted', messages, tools: [weather], stream: true })) {
        whole.content += message.content;
        if (message.tool_calls) whole.tool_calls = [...(whole.tool_calls ?? []), ...message.tool_calls];
      }
      return whole;
    };
    const asked = { role: 'user', content: 'What is the weather in Recife?' };
    const called = await ask([asked]);
    expect(called.tool_calls).toMatchObject([{ function: { name: 'get_weather', arguments: RECIFE } }]);
    const answered = await ask([asked, called, { role: 'tool', tool_name: 'get_weather', content: '31 degrees, sunny' }]);
    expect(answered.content).toBe('It is sunny in Recife, with 31 degrees.');
  });

  test('embeds, in the new way and the old', async () => {
    const { embeddings, prompt_eval_count } = await open().embed({
      model: 'starter',
      input: ['the capital of Brazil', 'seven purple elephants'],
    });
    const [first = [], second = []] = embeddings;
    expect(first).toHaveLength(256);
    expect(prompt_eval_count).toBeGreaterThan(4);
    expect(similarity(first, second)).toBeLessThan(0.999);
    const { embedding } = await open().embeddings({ model: 'starter', prompt: 'the capital of Brazil' });
    expect(similarity(embedding, first)).toBeCloseTo(1, 4);
  });

  test('embeds the beginning of a text that is too long, unless it may not be cut', async () => {
    const { embeddings, prompt_eval_count } = await open().embed({ model: 'starter', input: tooLong });
    expect(embeddings[0]).toHaveLength(256);
    expect(prompt_eval_count).toBe(1024 - 3);
    const again = await open().embed({ model: 'starter', input: `${tooLong} and something else`, truncate: true });
    expect(similarity(again.embeddings[0] ?? [], embeddings[0] ?? [])).toBeCloseTo(1, 6);
    await expect(open().embed({ model: 'starter', input: tooLong, truncate: false })).rejects.toThrow(
      /^the input length exceeds the context length/,
    );
    await expect(open().embeddings({ model: 'starter', prompt: tooLong })).rejects.toThrow(/exceeds the context length/);
  });

  test('loads, shows what runs and where, and unloads', async () => {
    const loaded = await open().generate({ model: 'scripted', prompt: '', keep_alive: '10m' });
    expect(loaded).toMatchObject({ done: true, done_reason: 'load', response: '' });
    const running = (await open().ps()).models.find(({ name }) => name === 'scripted:latest');
    expect(running).toMatchObject({ model: 'scripted:latest', node: expect.any(String) });
    expect(new Date(running?.expires_at ?? 0).getTime()).toBeGreaterThan(Date.now() + 5 * 60_000);
    const unloaded = await open().generate({ model: 'scripted', prompt: '', keep_alive: 0 });
    expect(unloaded).toMatchObject({ done: true, done_reason: 'unload' });
    await eventually('it no longer runs', async () => (await open().ps()).models.every(({ name }) => name !== 'scripted:latest'));
  });

  test('streams that are given up make room for the next one', async () => {
    for (let round = 0; round < 3; round++) {
      const client = open();
      const stream = await client.chat({ model: 'slow', messages: [question], stream: true });
      const read = async () => {
        for await (const part of stream) if (part.message.content !== '') client.abort();
      };
      await expect(read()).rejects.toThrow(/abort/i);
    }
  });

  test('an engine that dies in the middle of an answer is an error, never a short answer', async () => {
    const read = async () => {
      for await (const part of await open().chat({ model: 'crashing', messages: [question], stream: true })) if (part.done) return;
    };
    await expect(read()).rejects.toThrow(/engine|connection/i);
  });

  test('a body that is no JSON is refused in the dialect', async () => {
    const response = await fetch(`${cluster[port]}/api/chat`, { method: 'POST', body: '{"model": "starter", ' });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: expect.stringContaining('not valid JSON') });
  });

  test('an unknown model is not found, in the words that clients look for', async () => {
    const failed = await open()
      .chat({ model: 'nobody', messages: [question] })
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({ name: 'ResponseError', status_code: 404, error: "model 'nobody' not found" });
    const shown = await open()
      .show({ model: 'nobody' })
      .catch((error: unknown) => error);
    expect(shown).toMatchObject({ status_code: 404, error: "model 'nobody' not found" });
  });

  test('a prompt that is too long says so, streamed or not', async () => {
    for (const stream of [false, true]) {
      const messages = [{ role: 'user', content: tooLong }];
      const sent = stream ? open().chat({ model: 'starter', messages, stream: true }) : open().chat({ model: 'starter', messages });
      const failed = await sent.catch((error: unknown) => error);
      expect(failed).toMatchObject({ status_code: 400, error: expect.stringMatching(/context|tokens/) });
    }
  });
});
