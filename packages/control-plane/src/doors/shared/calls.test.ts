import { expect, test, vi } from 'vitest';
import { eventsOf, type FakeReply } from '../testing/fake-gateway.ts';
import { openDoors } from '../testing/open-doors.ts';

const [first = ''] = eventsOf('chat.sse').chunks as string[];
const endless = (): FakeReply => ({ chunks: [first, new Promise(() => {})] });

function post(url: string, path: string, stream: boolean) {
  const body = JSON.stringify({ model: 'starter', stream, messages: [{ role: 'user', content: 'hi' }] });
  return fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
}

test.each([
  [
    '/v1/chat/completions',
    'data: {"error":{"message":"The cluster is stopping. Send the request again once it runs.","type":"server_error","param":null,"code":"shutting_down"}}\n\n',
  ],
  ['/api/chat', '{"error":"The cluster is stopping. Send the request again once it runs."}\n'],
])('a listener that closes says so at the end of every stream of %s', async (path, farewell) => {
  const doors = await openDoors({ answer: endless });
  const response = await post(doors.url, path, true);
  const text = response.text();
  await doors[Symbol.asyncDispose]();
  expect((await text).endsWith(farewell)).toBe(true);
  expect(doors.gateway.aborted).toHaveLength(1);
});

test('a listener that closes answers whoever still waits', async () => {
  const doors = await openDoors({ answer: () => new Promise<FakeReply>(() => {}) });
  const sent = post(doors.url, '/v1/chat/completions', false);
  await vi.waitFor(() => expect(doors.gateway.calls).toHaveLength(1), { timeout: 30_000 });
  await doors[Symbol.asyncDispose]();
  const response = await sent;
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('1');
  expect(await response.json()).toMatchObject({ error: { code: 'shutting_down' } });
});
