import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestEngine } from './testing/start-engine.ts';

let engine: Awaited<ReturnType<typeof startTestEngine>>;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine[Symbol.asyncDispose]());

const ask = (content: string, more: object = {}) =>
  engine.client.post('/v1/chat/completions', { messages: [{ role: 'user', content }], temperature: 0, ...more });

test('a question gets its answer, streamed and whole', async () => {
  const whole = (await ask('What is the capital of Brazil?')).json();
  expect(whole.choices[0]).toMatchObject({
    message: { role: 'assistant', content: 'The capital of Brazil is Brasília.' },
    finish_reason: 'stop',
  });
  const streamed = await ask('What is the capital of Brazil?', { stream: true, stream_options: { include_usage: true } });
  const text = streamed
    .events()
    .map((event) => event.choices[0]?.delta.content ?? '')
    .join('');
  expect(text).toBe('The capital of Brazil is Brasília.');
  expect(streamed.events().at(-1).usage).toMatchObject({ completion_tokens: 10 });
  expect(streamed.text.endsWith('data: [DONE]\n\n')).toBe(true);
});
