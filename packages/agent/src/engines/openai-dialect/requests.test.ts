import { describe, expect, test } from 'vitest';
import { parseChatRequest, parseCompletionRequest, parseEmbeddingRequest, parseJson } from './requests.ts';

const errorOf = (action: () => unknown) => {
  try {
    action();
  } catch (error) {
    return error as { code: string; message: string; param?: string };
  }
  throw new Error('It was accepted.');
};

describe('a chat request', () => {
  test('loses its nulls, and parts of text become one text', () => {
    const request = parseChatRequest({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Good ' },
            { type: 'text', text: 'day' },
          ],
          name: null,
        },
      ],
      stop: '\n',
      temperature: null,
      max_tokens: 5,
    });
    expect(request.messages[0]).toEqual({ role: 'user', content: 'Good day' });
    expect(request.stop).toEqual(['\n']);
    expect(request.temperature).toBeUndefined();
  });

  test('keeps what it does not know out of the way', () => {
    expect(parseChatRequest({ messages: [{ role: 'user', content: 'x' }], store: true, metadata: {} })).not.toHaveProperty('store');
  });

  test.each([
    [{}, 'messages'],
    [{ messages: [] }, 'messages'],
    [{ messages: [{ role: 'pirate', content: 'x' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user', content: 'x' }], temperature: 'hot' }, 'temperature'],
    [{ messages: [{ role: 'user', content: 'x' }], tools: [{ type: 'function', function: { name: 'a b' } }] }, 'tools[0].function.name'],
    [{ messages: [{ role: 'user', content: 'x' }], logit_bias: { cat: 1 } }, 'logit_bias.cat'],
  ])('%j is refused with the name of the wrong field', (body, param) => {
    expect(errorOf(() => parseChatRequest(body))).toMatchObject({ code: 'invalid_request', param });
  });

  test('a picture is refused as something that the engine cannot do', () => {
    const body = { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:' } }] }] };
    expect(errorOf(() => parseChatRequest(body))).toMatchObject({
      code: 'unsupported_feature',
      message: expect.stringContaining('image_url'),
    });
  });
});

test.each([
  ['is not streamed', { stream: false }],
  ['has several choices', { n: 2 }],
  ['has several prompts', { prompt: ['a', 'b'] }],
  ['begins with its prompt', { echo: true }],
])('an answer that %s is not continued', (_, wish) => {
  const continuation = { text: 'So far', created: 1, generationMs: 2 };
  expect(parseCompletionRequest({ prompt: 'a', stream: true, continuation }).continuation).toEqual(continuation);
  expect(errorOf(() => parseCompletionRequest({ prompt: 'a', stream: true, continuation, ...wish }))).toMatchObject({
    code: 'invalid_request',
    param: 'continuation',
  });
});

test.each([
  ['one', ['one']],
  [
    ['one', 'two'],
    ['one', 'two'],
  ],
  [[1, 2], [[1, 2]]],
  [
    [[1], [2, 3]],
    [[1], [2, 3]],
  ],
])('the prompt %j is a list of prompts', (prompt, expected) => {
  expect(parseCompletionRequest({ prompt }).prompt).toEqual(expected);
  expect(parseEmbeddingRequest({ input: prompt }).input).toEqual(expected);
});

test('a body that is not JSON, or not UTF-8, is refused as such', () => {
  expect(errorOf(() => parseJson(Buffer.from('{"a":')))).toMatchObject({ code: 'invalid_json' });
  expect(errorOf(() => parseJson(Buffer.from([0x22, 0xff, 0x22])))).toMatchObject({ code: 'invalid_json' });
});
