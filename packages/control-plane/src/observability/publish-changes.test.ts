import type { ClusterEvent } from '@cluster-ai/contracts';
import { expect, test } from 'vitest';
import { readAll, startGateway } from '../gateway/testing/start-gateway.ts';
import { createEventBus } from './event-bus.ts';
import { publishChanges } from './publish-changes.ts';

test('a model that begins to answer and a cluster that gets busy are told, and nothing while nothing changes', async () => {
  await using cluster = startGateway();
  const events = createEventBus({ firstId: 1 });
  const told: ClusterEvent[] = [];
  events.subscribe(({ event }) => told.push(event));
  const stop = new AbortController();
  const publishing = publishChanges({ ...cluster, events }, stop.signal);
  await cluster.pass(10_000);
  expect(told).toEqual([{ type: 'cluster.measured', tokensPerSecond: 0, activeRequests: 0, queuedRequests: 0 }]);
  const asked = cluster.ask();
  await cluster.until(() => told.length > 2);
  await readAll(await asked);
  await cluster.pass(3000);
  expect(told).toContainEqual({ type: 'model.changed', name: 'starter' });
  expect(told).toContainEqual({ type: 'cluster.measured', tokensPerSecond: 0, activeRequests: 1, queuedRequests: 0 });
  expect(told.at(-1)).toEqual({ type: 'cluster.measured', tokensPerSecond: 0, activeRequests: 0, queuedRequests: 0 });
  stop.abort();
  await publishing;
});
