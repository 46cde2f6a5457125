import { ClusterError, phrase } from '@cluster-ai/contracts';
import { expect, test } from 'vitest';
import { renderProblem } from './native/problem.ts';
import { openDoors } from './testing/open-doors.ts';

const resetsAt = '2026-12-01T00:00:00.000Z';
const refused = (retryAfterSeconds: number | undefined) =>
  new ClusterError(
    'quota_exceeded',
    [phrase('used_tokens_of_month', { name: 'ci', limit: 100 }), phrase('goes_on_at', { time: '2026-12-01T00:00:00Z' })],
    {
      hint: phrase('wait_or_ask_for_more'),
      details: { limit: 'tokensPerMonth', resetsAt },
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    },
  );

const ask = (url: string, body: object) =>
  fetch(url, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
const messages = [{ role: 'user', content: 'hi' }];

test.each([false, true])('in OpenAI’s dialect it is 429 with Retry-After, a code, and the time (stream: %s)', async (stream) => {
  await using doors = await openDoors({ answer: () => Promise.reject(refused(7200)) });
  const answer = await ask(`${doors.url}/v1/chat/completions`, { model: 'starter', messages, stream });
  expect(answer.status).toBe(429);
  expect(answer.headers.get('retry-after')).toBe('7200');
  expect(answer.headers.get('x-should-retry')).toBe('false');
  expect(await answer.json()).toEqual({
    error: {
      message: expect.stringContaining('It may go on at 2026-12-01T00:00:00Z.'),
      type: 'rate_limit_error',
      param: null,
      code: 'quota_exceeded',
      details: { limit: 'tokensPerMonth', resetsAt },
    },
  });
});

test('the official client is told to wait where waiting helps', async () => {
  await using doors = await openDoors({ answer: () => Promise.reject(refused(30)) });
  const answer = await ask(`${doors.url}/v1/chat/completions`, { model: 'starter', messages });
  expect(answer.headers.get('x-should-retry')).toBe('true');
  await using budget = await openDoors({ answer: () => Promise.reject(refused(undefined)) });
  const never = await ask(`${budget.url}/v1/chat/completions`, { model: 'starter', messages });
  expect([never.headers.get('x-should-retry'), never.headers.get('retry-after')]).toEqual(['false', null]);
});

test.each([false, true])('in Ollama’s dialect it is 429 with Retry-After, and the time is in the text (stream: %s)', async (stream) => {
  await using doors = await openDoors({ answer: () => Promise.reject(refused(7200)) });
  const answer = await ask(`${doors.url}/api/chat`, { model: 'starter', messages, stream });
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '7200']);
  expect(await answer.json()).toEqual({ error: expect.stringContaining('2026-12-01T00:00:00Z') });
});

test('in the native dialect it is a problem with the time as a fact', () => {
  const sent: Record<string, unknown> = {};
  const reply = {
    raw: { headersSent: false },
    header: (name: string, value: string) => Object.assign(sent, { [name]: value }) && reply,
    code: (status: number) => Object.assign(sent, { status }) && reply,
    type: () => reply,
    send: (body: unknown) => Object.assign(sent, { body }) && reply,
  };
  renderProblem(refused(7200), { id: 'req_1', url: '/api/v1/generate' } as never, reply as never);
  expect(sent).toMatchObject({
    status: 429,
    'retry-after': '7200',
    body: { code: 'quota_exceeded', details: { resetsAt }, said: { message: [{ code: 'used_tokens_of_month' }, { code: 'goes_on_at' }] } },
  });
});
