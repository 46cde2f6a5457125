import { expect, test } from 'vitest';
import { readAll, startGateway } from './testing/start-gateway.ts';

const ready = { replicaId: 'replica-1' };

test('a request goes to a ready replica, its bytes untouched both ways', async () => {
  await using cluster = startGateway({ nodes: [{ id: 'a', replicas: [ready] }] });
  const answer = await cluster.ask({ body: Buffer.from('{"any": "bytes"}') });
  expect(await readAll(answer)).toBe('hello');
  expect(answer).toMatchObject({ status: 200, replicaId: 'replica-1', node: { id: 'a', name: 'a' } });
  const [request] = cluster.machines[0]?.requests ?? [];
  expect(request).toMatchObject({
    path: '/replicas/replica-1/v1/chat/completions',
    headers: { 'x-cluster-model': 'starter', 'x-cluster-request-id': 'request-1' },
  });
  expect(Buffer.from(request?.body ?? []).toString()).toBe('{"any": "bytes"}');
});

test('the usage comes from the trailers', async () => {
  await using cluster = startGateway({ nodes: [{ id: 'a', replicas: [ready] }] });
  const answer = await cluster.ask();
  await readAll(answer);
  expect(await answer.usage).toMatchObject({ promptTokens: 10, completionTokens: 20 });
});

test('a model that nobody runs is started for the request', async () => {
  await using cluster = startGateway();
  const asked = cluster.ask();
  await cluster.until(() => cluster.gateway.running().length === 1);
  expect(await readAll(await asked)).toBe('hello');
});
