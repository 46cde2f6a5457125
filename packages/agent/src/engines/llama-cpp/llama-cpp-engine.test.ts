import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestEngine, until } from './testing/start-engine.ts';

let engine: Awaited<ReturnType<typeof startTestEngine>>;
beforeAll(async () => {
  engine = await startTestEngine(undefined, { threads: 1, parallel: 8 });
});
afterAll(() => engine[Symbol.asyncDispose]());

const chats = '/v1/chat/completions';
const ask = (content: string, more: object = {}) =>
  engine.client.post(chats, { messages: [{ role: 'user', content }], temperature: 0, ...more });
const textOf = async (content: string, more: object = {}): Promise<string> => (await ask(content, more)).json().choices[0].message.content;
const usageOf = (answer: { trailers: NodeJS.Dict<string> }) => JSON.parse(answer.trailers['x-cluster-usage'] ?? '{}');

const add = {
  type: 'function',
  function: {
    name: 'add',
    description: 'Adds two numbers.',
    parameters: { type: 'object', properties: { a: { type: 'integer' }, b: { type: 'integer' } }, required: ['a', 'b'] },
  },
};
const search = {
  type: 'function',
  function: {
    name: 'search',
    parameters: { type: 'object', properties: { query: { type: 'string', maxLength: 40 } }, required: ['query'] },
  },
};

test('the engine says what it started', () => {
  expect(engine.facts).toMatchObject({ contextSize: 1024, parallel: 8, threads: 1, embeddingLength: 256 });
  expect(engine.facts.capabilities).toEqual(['completion', 'chat', 'embedding']);
});

describe('a chat', () => {
  test('gets its answer, streamed and whole', async () => {
    const whole = (await ask('What is the capital of Brazil?')).json();
    expect(whole.choices[0]).toMatchObject({
      message: { role: 'assistant', content: 'The capital of Brazil is Brasília.' },
      finish_reason: 'stop',
    });
    const streamed = await ask('What is the capital of Brazil?', { stream: true, stream_options: { include_usage: true } });
    const events = streamed.events();
    expect(events.map((event) => event.choices[0]?.delta.content ?? '').join('')).toBe('The capital of Brazil is Brasília.');
    expect(events.at(-1).usage).toMatchObject({ completion_tokens: 10 });
    expect(streamed.text.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  test('remembers what was said before', async () => {
    const messages = [
      { role: 'user', content: 'What is the capital of Brazil?' },
      { role: 'assistant', content: 'The capital of Brazil is Brasília.' },
      { role: 'user', content: 'And of Japan?' },
    ];
    const answer = await engine.client.post(chats, { messages, temperature: 0 });
    expect(answer.json().choices[0].message.content).toContain('Tokyo');
  });

  test('reuses the beginning of a prompt that a slot remembers, and says how much', async () => {
    const messages = [{ role: 'user', content: 'Tell me a story about a brave fox.' }];
    const first = await engine.client.post(chats, { messages, temperature: 0 });
    const reply = first.json().choices[0].message;
    const second = await engine.client.post(chats, { messages: [...messages, reply, { role: 'user', content: 'Thanks' }], temperature: 0 });
    const { prompt_tokens: promptTokens, prompt_tokens_details: details } = second.json().usage;
    expect(details.cached_tokens).toBeGreaterThan(promptTokens - 30);
    const fresh = await engine.client.post(chats, {
      messages: [...messages, reply, { role: 'user', content: 'Thanks' }],
      temperature: 0,
      cache_prompt: false,
    });
    expect(fresh.json().usage.prompt_tokens_details.cached_tokens).toBe(0);
    expect(fresh.json().choices[0].message).toEqual(second.json().choices[0].message);
  });

  test('ends at max_tokens with the reason "length", and its trailer tells the costs', async () => {
    const answer = await ask('Tell me a story about a brave fox.', { max_tokens: 5, timings: true });
    expect(answer.json().choices[0].finish_reason).toBe('length');
    expect(usageOf(answer)).toMatchObject({ completionTokens: 5, finishReason: 'length' });
    expect(usageOf(answer).firstTokenMs).toBeGreaterThan(0);
    expect(answer.json().timings).toMatchObject({ predicted_n: 5 });
  });

  test('with max_tokens 0 only reads the prompt', async () => {
    expect((await ask('Hi', { max_tokens: 0 })).json()).toMatchObject({
      choices: [{ message: { content: '' }, finish_reason: 'length' }],
      usage: { completion_tokens: 0 },
    });
  });

  test('ends with "length" where the context ends', async () => {
    const answer = await engine.client.post('/v1/completions', {
      prompt: 'the '.repeat(1000),
      temperature: 0,
      logit_bias: { 2: -100, 0: -100 },
    });
    expect(answer.json().choices[0].finish_reason).toBe('length');
    expect(answer.json().usage.total_tokens).toBe(engine.facts.contextSize + 1);
  });

  test('with a prompt that does not fit is refused with the numbers', async () => {
    const answer = await ask('word '.repeat(3000));
    expect(answer.status).toBe(400);
    expect(answer.json().error).toMatchObject({ code: 'context_length_exceeded', details: { contextSize: 1024 } });
    const huge = await ask('word '.repeat(1_000_000));
    expect(huge.json().error).toMatchObject({ code: 'context_length_exceeded', details: { contextSize: 1024 } });
    expect(huge.json().error.details).not.toHaveProperty('promptTokens'); // it was not even tokenized
  });
});

describe('many at once', () => {
  const prompts = [
    'What is the capital of Brazil?',
    'What is the capital of France?',
    'Tell me a story about a brave fox.',
    'What is 23 + 45?',
    'Conte uma história sobre um gato.',
    'What is the opposite of hot?',
    'Conte de 1 a 10.',
    'How do I add a machine?',
  ];

  test('eight greedy chats side by side say what each says alone', async () => {
    const alone: string[] = [];
    for (const prompt of prompts) alone.push(await textOf(prompt, { max_tokens: 40, cache_prompt: false }));
    const together = await Promise.all(prompts.map((prompt) => textOf(prompt, { max_tokens: 40, cache_prompt: false })));
    expect(together).toEqual(alone);
  });

  test('more than there are slots are queued, and all are answered', async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask('What is the capital of Brazil?', { cache_prompt: false })));
    for (const answer of answers) expect(answer.json().choices[0].message.content).toContain('Brasília');
    expect(Math.max(...answers.map((answer) => usageOf(answer).queueMs))).toBeGreaterThan(0);
  });

  test('n choices differ by their seeds, and the same seed says the same', async () => {
    const body = { n: 3, seed: 7, temperature: 1.5, max_tokens: 12 };
    const texts = (answer: Awaited<ReturnType<typeof ask>>) =>
      answer.json().choices.map((choice: { message: { content: string } }) => choice.message.content);
    const first = texts(await ask('Tell me a story about a brave fox.', body));
    expect(new Set(first).size).toBeGreaterThan(1);
    expect(texts(await ask('Tell me a story about a brave fox.', body))).toEqual(first);
    expect(texts(await ask('Tell me a story about a brave fox.', { ...body, seed: 8_000_000 }))).not.toEqual(first);
  });

  test('a caller that goes away frees its slot', async () => {
    const endless = { messages: [{ role: 'user', content: 'Tell me a story.' }], stream: true, logit_bias: { 2: -100, 0: -100 } };
    const callers = Array.from({ length: 8 }, () => engine.client.stream(chats, endless, () => 'stop'));
    await Promise.all(callers);
    const answer = await ask('What is the capital of Brazil?', { cache_prompt: false });
    expect(answer.json().choices[0].message.content).toContain('Brasília');
    await until(() => engine.stats().busySlots === 0, 'all slots are free');
  });

  test('a reader that takes nothing rests and does not hold up the others', async () => {
    const endless = { messages: [{ role: 'user', content: 'Tell me a story.' }], logit_bias: { 2: -100, 0: -100 } };
    const body = JSON.stringify({ ...endless, stream: true, logprobs: true, top_logprobs: 20 });
    const socket = connect(engine.endpoint.socketPath);
    socket.on('error', () => {});
    socket.pause();
    socket.write(`POST ${chats} HTTP/1.1\r\nhost: x\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    await until(() => engine.stats().busySlots === 1, 'the lazy one is at work');
    const other = await engine.client.post(chats, endless); // as long as the lazy one, and begun later
    expect(other.json().choices[0].finish_reason).toBe('length');
    const before = engine.stats();
    await until(() => engine.stats() !== before, 'the next numbers');
    expect(engine.stats().busySlots).toBe(1);
    socket.destroy();
    await until(() => engine.stats().busySlots === 0, 'its slot is free');
  });
});

describe('stop strings', () => {
  test('end the answer before them, also across tokens, and no part is shown', async () => {
    const story = await textOf('What is the capital of Brazil?');
    expect(story).toContain('is Bras');
    const answer = await ask('What is the capital of Brazil?', { stop: ['zil is Bra'], stream: true });
    const pieces = answer.events().map((event) => event.choices[0].delta.content ?? '');
    expect(pieces.join('')).toBe('The capital of Bra');
    expect(answer.events().at(-1).choices[0].finish_reason).toBe('stop');
  });

  test('that do not come change nothing', async () => {
    expect(await textOf('What is the capital of Brazil?', { stop: ['Brasília!', 'xyz'] })).toBe('The capital of Brazil is Brasília.');
  });
});

describe('log-probabilities', () => {
  test("are the model's own, with the strongest rivals first", async () => {
    const answer = (await ask('What is the capital of Brazil?', { logprobs: true, top_logprobs: 3 })).json();
    const { content } = answer.choices[0].logprobs;
    expect(content.map(({ token }: { token: string }) => token).join('')).toBe('The capital of Brazil is Brasília.');
    for (const token of content) {
      expect(token.logprob).toBeLessThanOrEqual(0);
      expect(token.top_logprobs).toHaveLength(3);
      expect(token.top_logprobs[0]).toMatchObject({ token: token.token });
      expect(token.top_logprobs[0].logprob).toBeCloseTo(token.logprob, 5);
      expect(token.top_logprobs[1].logprob).toBeLessThanOrEqual(token.top_logprobs[0].logprob);
    }
    const bytes = content.flatMap((token: { bytes: number[] }) => token.bytes);
    expect(Buffer.from(bytes).toString()).toBe('The capital of Brazil is Brasília.');
  });

  test('of a completion have offsets', async () => {
    const answer = (
      await engine.client.post('/v1/completions', { prompt: 'Once upon', temperature: 0, max_tokens: 4, logprobs: 2 })
    ).json();
    const { tokens, text_offset: offsets, top_logprobs: top } = answer.choices[0].logprobs;
    expect(tokens.join('')).toBe(answer.choices[0].text);
    expect(offsets[0]).toBe(0);
    expect(offsets[1]).toBe(tokens[0].length);
    expect(Object.keys(top[0])).toHaveLength(2);
  });
});

describe('answers in a given form', () => {
  test('follow a JSON schema', async () => {
    const schema = {
      type: 'object',
      properties: {
        name: { type: 'string', maxLength: 20 },
        age: { type: 'integer', minimum: 0 },
        kind: { enum: ['cat', 'dog'] },
        tags: { type: 'array', items: { type: 'string', maxLength: 8 }, minItems: 1, maxItems: 3 },
      },
      required: ['name', 'age', 'kind', 'tags'],
      additionalProperties: false,
    };
    const format = { type: 'json_schema', json_schema: { name: 'pet', schema, strict: true } };
    for (const seed of [1, 2, 3]) {
      const text = await textOf('Give me a JSON object with name Ana and age 30.', { response_format: format, temperature: 1.2, seed });
      const pet = JSON.parse(text);
      expect(Object.keys(pet)).toEqual(['name', 'age', 'kind', 'tags']);
      expect(Number.isSafeInteger(pet.age) && pet.age >= 0).toBe(true);
      expect(['cat', 'dog']).toContain(pet.kind);
      expect(pet.tags.length).toBeGreaterThanOrEqual(1);
      expect(pet.tags.length).toBeLessThanOrEqual(3);
    }
  });

  test('are a JSON object where that is asked for', async () => {
    const text = await textOf('Give me a JSON object with name Ana and age 30.', { response_format: { type: 'json_object' } });
    expect(JSON.parse(text)).toEqual({ name: 'Ana', age: 30 });
  });

  test('follow a grammar', async () => {
    expect(['yes', 'no']).toContain(await textOf('Is the sky blue?', { grammar: 'root ::= "yes" | "no"' }));
  });

  test('that cannot be built are refused', async () => {
    const broken = await ask('x', { grammar: 'root ::= (' });
    expect(broken).toMatchObject({ status: 400 });
    expect(broken.json().error).toMatchObject({ code: 'invalid_request', param: 'grammar' });
    const deep = await ask('x', { grammar: `root ::= ${'('.repeat(20_000)}"a"${')'.repeat(20_000)}` });
    expect(deep.status).toBe(400);
  });
});

describe('tool calls', () => {
  test('are forced by a named choice, with arguments that follow the schema', async () => {
    const answer = (
      await ask('What is 2 + 3?', { tools: [add, search], tool_choice: { type: 'function', function: { name: 'add' } } })
    ).json();
    const [choice] = answer.choices;
    expect(choice.finish_reason).toBe('tool_calls');
    expect(choice.message.content).toBeNull();
    const [call] = choice.message.tool_calls;
    expect(call).toMatchObject({ type: 'function', function: { name: 'add' } });
    const args = JSON.parse(call.function.arguments);
    expect(Object.keys(args)).toEqual(['a', 'b']);
    expect(Number.isSafeInteger(args.a) && Number.isSafeInteger(args.b)).toBe(true);
  });

  test('are forced by "required", streamed as deltas', async () => {
    const answer = await ask('Search for cats', { tools: [add, search], tool_choice: 'required', stream: true });
    const calls = answer.events().flatMap((event) => event.choices[0].delta.tool_calls ?? []);
    expect(calls).toHaveLength(1);
    expect(['add', 'search']).toContain(calls[0].function.name);
    expect(() => JSON.parse(calls[0].function.arguments)).not.toThrow();
    expect(answer.events().at(-1).choices[0].finish_reason).toBe('tool_calls');
  });

  test('are not made where the choice is "none"', async () => {
    const answer = (await ask('What is the capital of Brazil?', { tools: [add], tool_choice: 'none' })).json();
    expect(answer.choices[0].message.content).toContain('Brasília');
  });

  // as programs do that offer every tool they have with every question
  const manyTools = Array.from({ length: 40 }, (_, at) => ({
    type: 'function',
    function: { ...search.function, name: `search_${at}`, description: 'Searches one of many shelves by the words of the query.' },
  }));

  test('are not offered to a model that was never taught any, when they alone would fill half of its context', async () => {
    const answer = (await ask('What is the capital of Japan?', { tools: manyTools })).json();
    expect(answer.choices[0].message.content).toContain('Tokyo');
    expect(answer.usage.prompt_tokens).toBeLessThan(40);
  });

  test('that are forced and do not fit are refused, and the sentence says what fills the context', async () => {
    const { error } = (await ask('What is the capital of Japan?', { tools: manyTools, tool_choice: 'required' })).json();
    expect(error).toMatchObject({ code: 'context_length_exceeded', details: { contextSize: 1024, promptTokens: expect.any(Number) } });
    expect(error.details.toolTokens).toBeGreaterThan(error.details.promptTokens - 40);
    expect(error.message).toContain(`${error.details.toolTokens} of them describe the 40 tools that came with the request`);
  });

  test.each([[{ tool_choice: 'required' }], [{ tools: [add], tool_choice: { type: 'function', function: { name: 'other' } } }]])(
    'that cannot be are refused: %j',
    async (wishes) => {
      expect((await ask('x', wishes)).json().error).toMatchObject({ code: 'invalid_request', param: 'tool_choice' });
    },
  );
});

describe('completions', () => {
  test('continue a text, for several prompts at once', async () => {
    const answer = (
      await engine.client.post('/v1/completions', { prompt: ['Once upon', 'Once upon'], temperature: 0, max_tokens: 6, echo: true })
    ).json();
    expect(answer.object).toBe('text_completion');
    expect(answer.choices).toHaveLength(2);
    expect(answer.choices[0].text).toMatch(/^Once upon.+/);
    expect(answer.choices[1].text).toBe(answer.choices[0].text);
  });

  test.each([
    [{ suffix: 'end' }, 'suffix'],
    [{ best_of: 4 }, 'best_of'],
    [{ typical_p: 0.5 }, 'typical_p'],
  ])('refuse what the engine cannot do: %j', async (wish, param) => {
    const answer = await engine.client.post('/v1/completions', { prompt: 'x', ...wish });
    expect(answer.json().error).toMatchObject({ code: 'unsupported_feature', param });
  });

  test('refuse tokens that the model does not have', async () => {
    const tokens = await engine.client.post('/v1/completions', { prompt: [999_999] });
    expect(tokens.json().error).toMatchObject({ code: 'invalid_request', param: 'prompt' });
    const biases = await engine.client.post('/v1/completions', { prompt: 'x', logit_bias: { 999999: 1 } });
    expect(biases.json().error).toMatchObject({ code: 'invalid_request', param: 'logit_bias' });
  });
});

describe('embeddings', () => {
  const embed = (body: object) => engine.client.post('/v1/embeddings', body);
  const cosine = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);

  test('have length one, the same for the same text, and nearer for like texts', async () => {
    const { data } = (
      await embed({
        input: ['What is the capital of France?', 'What is the capital of France?', 'Conte de 1 a 10.', 'What is the capital of Spain?'],
      })
    ).json();
    const [france, again, counting, spain] = data.map((item: { embedding: number[] }) => item.embedding);
    expect(france).toHaveLength(256);
    expect(cosine(france, france)).toBeCloseTo(1, 5);
    expect(cosine(france, again)).toBeCloseTo(1, 5);
    expect(cosine(france, spain)).toBeGreaterThan(cosine(france, counting));
  });

  test('come in base64 as the same numbers', async () => {
    const floats = (await embed({ input: 'cat' })).json().data[0].embedding;
    const encoded = Buffer.from((await embed({ input: 'cat', encoding_format: 'base64' })).json().data[0].embedding, 'base64');
    expect(Array.from({ length: 256 }, (_, i) => encoded.readFloatLE(i * 4))).toEqual(floats);
  });

  test('are not shortened, and an empty or too long text is refused', async () => {
    expect((await embed({ input: 'cat', dimensions: 128 })).json().error).toMatchObject({
      code: 'unsupported_feature',
      param: 'dimensions',
    });
    expect((await embed({ input: 'cat', dimensions: 256 })).status).toBe(200);
    expect((await embed({ input: '' })).json().error).toMatchObject({ code: 'invalid_request' });
    expect((await embed({ input: [999_999] })).json().error).toMatchObject({ code: 'invalid_request', param: 'input[0]' });
    expect((await embed({ input: 'word '.repeat(2000) })).json().error).toMatchObject({ code: 'context_length_exceeded' });
  });

  test('cut off what does not fit when they are asked to: text and tokens, also megabytes', async () => {
    const most = engine.facts.contextSize - 3;
    const long = 'word '.repeat(2000);
    const { data, usage } = (await embed({ input: [long, 'cat'], truncate: true })).json();
    const alone = (await embed({ input: 'cat', truncate: true })).json();
    expect(usage.prompt_tokens).toBe(most + alone.usage.prompt_tokens);
    expect(data[1].embedding).toEqual(alone.data[0].embedding);

    const longer = (await embed({ input: long.repeat(300), truncate: true })).json();
    expect(longer.data[0].embedding).toEqual(data[0].embedding);
    expect(longer.usage.prompt_tokens).toBe(most);

    const tokens = Array.from({ length: 2000 }, (_, index) => index % 500);
    expect((await embed({ input: tokens, truncate: true })).json().usage.prompt_tokens).toBe(most);
    expect((await embed({ input: tokens, truncate: false })).json().error).toMatchObject({ code: 'context_length_exceeded' });
  });
});

test('malformed requests are refused one by one and hurt nobody', async () => {
  const bodies = [
    '{',
    '[]',
    'null',
    '{"messages":5}',
    '{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}',
    '{"messages":[{"role":"tool"}],"n":99}',
  ];
  for (const body of bodies) expect((await engine.client.post(chats, body)).status).toBe(400);
  expect(await textOf('What is the capital of Brazil?')).toContain('Brasília');
});
