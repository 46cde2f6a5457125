import OpenAI, { APIError, BadRequestError, NotFoundError } from 'openai';
import type { ChatCompletionChunk, ChatCompletionMessageToolCall, ChatCompletionTool } from 'openai/resources/chat/completions';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestCluster } from '../support/start-cluster.ts';
import { openCompatCluster, RECIFE, similarity, tooLong } from './compat-cluster.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await openCompatCluster();
});
afterAll(() => cluster.stop());

const question = { role: 'user', content: 'What is the capital of Brazil?' } as const;
const weather: ChatCompletionTool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather of a city.',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string', maxLength: 20 }, days: { type: 'integer', minimum: 1, maximum: 9 } },
      required: ['city', 'days'],
      additionalProperties: false,
    },
  },
};

async function collect(stream: AsyncIterable<ChatCompletionChunk>): Promise<readonly ChatCompletionChunk[]> {
  const chunks: ChatCompletionChunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}
const textOf = (chunks: readonly ChatCompletionChunk[]) => chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
const functionOf = (call: ChatCompletionMessageToolCall | undefined) => (call?.type === 'function' ? call.function : undefined);

// the port of the main listener, and that of Ollama, which serves the same
describe.each(['url', 'ollamaUrl'] as const)('the official OpenAI client for Node, at %s', (port) => {
  const open = () => new OpenAI({ baseURL: `${cluster[port]}/v1`, apiKey: 'unused', maxRetries: 0 });

  test('lists the models, and shows one', async () => {
    const names = (await open().models.list()).data.map(({ id }) => id);
    expect(names).toEqual(expect.arrayContaining(['starter', 'scripted', 'slow']));
    expect(await open().models.retrieve('starter')).toMatchObject({ id: 'starter', object: 'model', owned_by: 'cluster' });
  });

  test('chats', async () => {
    const answer = await open().chat.completions.create({ model: 'starter', temperature: 0, messages: [question] });
    expect(answer).toMatchObject({ object: 'chat.completion', model: 'starter' });
    expect(answer._request_id).toMatch(/^req_/);
    const [choice] = answer.choices;
    expect(choice?.message).toMatchObject({ role: 'assistant', content: 'The capital of Brazil is Brasília.' });
    expect(choice?.finish_reason).toBe('stop');
    const { prompt_tokens = 0, completion_tokens = 0, total_tokens } = answer.usage ?? {};
    expect(prompt_tokens).toBeGreaterThan(5);
    expect(completion_tokens).toBeGreaterThan(2);
    expect(total_tokens).toBe(prompt_tokens + completion_tokens);
  });

  test('remembers a conversation', async () => {
    const messages = [
      question,
      { role: 'assistant', content: 'The capital of Brazil is Brasília.' },
      { role: 'user', content: 'And of Japan?' },
    ] as const;
    const answer = await open().chat.completions.create({ model: 'starter', temperature: 0, messages: [...messages] });
    expect(answer.choices[0]?.message.content).toContain('Tokyo');
  });

  test('streams the same chat, and its usage', async () => {
    const chunks = await collect(
      await open().chat.completions.create({
        model: 'starter',
        temperature: 0,
        messages: [question],
        stream: true,
        stream_options: { include_usage: true },
      }),
    );
    expect(textOf(chunks)).toBe('The capital of Brazil is Brasília.');
    expect(chunks.length).toBeGreaterThan(4);
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(chunks.findLast(({ choices }) => choices.length > 0)?.choices[0]?.finish_reason).toBe('stop');
    expect(chunks.at(-1)?.usage?.completion_tokens).toBeGreaterThan(2);
  });

  test('streams with the helper that collects for its caller', async () => {
    const stream = open().chat.completions.stream({ model: 'starter', temperature: 0, messages: [question] });
    expect(await stream.finalContent()).toBe('The capital of Brazil is Brasília.');
  });

  test('stops where it is told to', async () => {
    const base = { model: 'starter', temperature: 0, messages: [question] };
    const stopped = await open().chat.completions.create({ ...base, stop: [' Brazil'] });
    expect(stopped.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'The capital of' } });
    const cut = await open().chat.completions.create({ ...base, max_tokens: 2 });
    expect(cut.choices[0]?.finish_reason).toBe('length');
    expect(cut.usage?.completion_tokens).toBe(2);
  });

  test('a seed repeats what chance would change', async () => {
    const story = {
      model: 'starter',
      temperature: 1.2,
      max_tokens: 40,
      messages: [{ role: 'user', content: 'Tell me a story about a fox.' }],
    } as const;
    const tell = async (seed: number) =>
      (await open().chat.completions.create({ ...story, messages: [...story.messages], seed })).choices[0]?.message.content;
    const first = await tell(1);
    expect(await tell(1)).toBe(first);
    expect(await tell(2)).not.toBe(first);
  });

  test('logprobs say how sure it was', async () => {
    const answer = await open().chat.completions.create({
      model: 'starter',
      temperature: 0,
      messages: [question],
      logprobs: true,
      top_logprobs: 3,
    });
    const tokens = answer.choices[0]?.logprobs?.content ?? [];
    expect(Buffer.from(tokens.flatMap(({ bytes }) => bytes ?? [])).toString()).toContain('The capital of Brazil is Brasília.');
    for (const { logprob, top_logprobs } of tokens) {
      expect(logprob).toBeLessThanOrEqual(0);
      expect(top_logprobs).toHaveLength(3);
      expect(top_logprobs[0]?.logprob).toBeCloseTo(logprob, 3); // at temperature 0 the best one is taken
    }
  });

  test('JSON by a schema is that JSON', async () => {
    const answer = await open().chat.completions.create({
      model: 'starter',
      temperature: 0,
      messages: [{ role: 'user', content: 'Give me a JSON object with name Ana and age 30.' }],
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 'person',
          strict: true,
          schema: {
            type: 'object',
            properties: { name: { type: 'string', maxLength: 20 }, age: { type: 'integer', minimum: 0, maximum: 150 } },
            required: ['name', 'age'],
            additionalProperties: false,
          },
        },
      },
    });
    expect(JSON.parse(answer.choices[0]?.message.content ?? '')).toEqual({ name: 'Ana', age: 30 });
  });

  test('any JSON is an object', async () => {
    const answer = await open().chat.completions.create({
      model: 'starter',
      temperature: 0,
      messages: [{ role: 'user', content: 'Give me a JSON object with name Ana and age 30.' }],
      response_format: { type: 'json_object' },
    });
    expect(JSON.parse(answer.choices[0]?.message.content ?? '')).toEqual({ name: 'Ana', age: 30 });
  });

  test('a tool that must be called is called, with arguments by its schema', async () => {
    const answer = await open().chat.completions.create({
      model: 'starter',
      temperature: 0,
      messages: [{ role: 'user', content: 'How is the weather in Recife?' }],
      tools: [weather],
      tool_choice: { type: 'function', function: { name: 'get_weather' } },
    });
    const call = answer.choices[0]?.message.tool_calls?.[0];
    expect(call?.id).toBeTruthy();
    expect(functionOf(call)?.name).toBe('get_weather');
    expect(JSON.parse(functionOf(call)?.arguments ?? '')).toEqual({ city: expect.any(String), days: expect.any(Number) });
  });

  test('a required tool streams its call in pieces', async () => {
    const chunks = await collect(
      await open().chat.completions.create({
        model: 'starter',
        temperature: 0,
        messages: [{ role: 'user', content: 'How is the weather in Recife?' }],
        tools: [weather],
        tool_choice: 'required',
        stream: true,
      }),
    );
    const pieces = chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
    expect(pieces[0]?.function?.name).toBe('get_weather');
    const text = pieces.map((piece) => piece.function?.arguments ?? '').join('');
    expect(JSON.parse(text)).toEqual({ city: expect.any(String), days: expect.any(Number) });
    expect(chunks.findLast(({ choices }) => choices.length > 0)?.choices[0]?.finish_reason).toBe('tool_calls');
  });

  test('a model that calls tools by itself is answered, and answers', async () => {
    const asked: unknown[] = [];
    const runner = open().chat.completions.runTools({
      model: 'scripted',
      messages: [{ role: 'user', content: 'What is the weather in Recife?' }],
      tools: [
        {
          type: 'function',
          function: {
            name: 'get_weather',
            description: 'The weather of a city.',
            parameters: weather.function.parameters ?? {},
            parse: JSON.parse,
            function: (args: unknown) => {
              asked.push(args);
              return '31 degrees, sunny';
            },
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe('It is sunny in Recife, with 31 degrees.');
    expect(asked).toEqual([RECIFE]);
  });

  test('completes a text, whole and streamed', async () => {
    const wish = {
      model: 'starter',
      temperature: 0,
      max_tokens: 12,
      prompt: '<|im_start|>user\nWhat is the capital of Brazil?<|im_end|>\n<|im_start|>assistant\n',
    };
    const whole = await open().completions.create(wish);
    expect(whole).toMatchObject({ object: 'text_completion', model: 'starter' });
    expect(whole.choices[0]?.text).toContain('Brasília');
    let streamed = '';
    for await (const chunk of await open().completions.create({ ...wish, stream: true })) streamed += chunk.choices[0]?.text ?? '';
    expect(streamed).toBe(whole.choices[0]?.text);
  });

  test('embeds: base64, which the client asks for by itself, holds the same numbers as floats', async () => {
    const input = ['the capital of Brazil', 'the capital of Brazil', 'seven purple elephants'];
    const packed = await open().embeddings.create({ model: 'starter', input });
    const plain = await open().embeddings.create({ model: 'starter', input, encoding_format: 'float' });
    const [first = [], second = [], third = []] = packed.data.map(({ embedding }) => embedding);
    expect(first).toHaveLength(256);
    expect(similarity(first, plain.data[0]?.embedding ?? [])).toBeCloseTo(1, 5);
    expect(similarity(first, second)).toBeCloseTo(1, 4);
    expect(similarity(first, third)).toBeLessThan(0.999);
    expect(packed.usage.prompt_tokens).toBeGreaterThan(5);
  });

  test('a stream that is given up makes room for the next one', async () => {
    const ask = () => open().chat.completions.create({ model: 'slow', messages: [question], stream: true });
    for (let round = 0; round < 3; round++) {
      const stream = await ask();
      for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break; // leaving the loop aborts
    }
    const last = await ask();
    const iterator = last[Symbol.asyncIterator]();
    expect((await iterator.next()).value?.choices).toHaveLength(1);
    last.controller.abort();
  });

  test('says which node answered, to those who ask', async () => {
    const { response } = await open()
      .chat.completions.create({ model: 'starter', messages: [question], stream: true })
      .withResponse();
    expect(response.headers.get('x-cluster-node')).toBeTruthy();
    expect(response.headers.get('x-cluster-replica')).toBeTruthy();
    await response.body?.cancel();
  });

  test('an engine that dies in the middle of an answer is an error, never a short answer', async () => {
    const stream = await open().chat.completions.create({ model: 'crashing', messages: [question], stream: true });
    const failed = await collect(stream).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(APIError);
    expect(failed).toMatchObject({ code: expect.stringMatching(/^(engine_crashed|engine_error|node_lost)$/), type: 'server_error' });
  });

  test('an unknown model is not found, and not asked for again', async () => {
    let requests = 0;
    const counting = new OpenAI({
      baseURL: `${cluster[port]}/v1`,
      apiKey: 'unused',
      maxRetries: 3,
      fetch: (url, init) => {
        requests++;
        return fetch(url, init);
      },
    });
    const failed = await counting.chat.completions.create({ model: 'nobody', messages: [question] }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(NotFoundError);
    expect(failed).toMatchObject({ status: 404, code: 'model_not_found', message: expect.stringContaining('nobody') });
    expect(requests).toBe(1);
  });

  test('a prompt that is too long says so', async () => {
    const failed = await open()
      .chat.completions.create({ model: 'starter', messages: [{ role: 'user', content: tooLong }] })
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(BadRequestError);
    expect(failed).toMatchObject({ status: 400, code: 'context_length_exceeded', type: 'invalid_request_error' });
  });

  test('a text to embed that is too long says so: nothing is cut in silence', async () => {
    const failed = await open()
      .embeddings.create({ model: 'starter', input: tooLong })
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({ status: 400, code: 'context_length_exceeded', type: 'invalid_request_error' });
  });

  test('a field that is wrong is named', async () => {
    const failed = await open()
      .chat.completions.create({ model: 'starter', messages: [question], temperature: 'hot' as unknown as number })
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({ status: 400, code: 'invalid_request', param: 'temperature' });
  });

  test('a body that is no JSON is refused in the dialect', async () => {
    const response = await fetch(`${cluster[port]}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"model": "starter", ',
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error', code: 'invalid_json' } });
  });
});
