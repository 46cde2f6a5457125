import type { ClusterEvent, Node } from '@cluster-ai/contracts';
import { expect, test } from 'vitest';
import { permissionsOf } from './roles.ts';
import { toShownEvent, toShownNode } from './what-is-shown.ts';

const replica = (model: string) => ({ replicaId: `replica_${model}`, model }) as Node['replicas'][number];
const node = { id: 'node_1', replicas: ['team/small', 'Team/Small:v2', 'secret-plan', 'not a reference!'].map(replica) } as unknown as Node;
const rights = { ownerId: 'ana', permissions: permissionsOf('developer') };
const all = { ...rights, models: undefined };
const team = { ...rights, models: ['team/*'], ownerModels: ['*'] };
const models = (shown: Pick<Node, 'replicas'>) => shown.replicas.map(({ model }) => model);

test('a machine is shown without the models that the caller may not use', () => {
  expect(models(toShownNode(all, node))).toHaveLength(4);
  expect(models(toShownNode(team, node))).toEqual(['team/small', 'Team/Small:v2']);
  expect(models(toShownNode({ models: undefined, ownerModels: [] }, node))).toEqual([]);
});

test('what happens to such models is not told', () => {
  const events = [
    { type: 'node.changed', node },
    { type: 'model.changed', name: 'secret-plan' },
    { type: 'model.removed', name: 'secret-plan' },
    { type: 'replica.changed', nodeId: 'node_1', replicaId: 'replica_1', model: 'secret-plan:v2' },
    { type: 'operation.changed', operation: { model: 'secret-plan:v2' } },
    { type: 'model.changed', name: 'team/small' },
    { type: 'operation.changed', operation: { model: 'team/small:v1' } },
    { type: 'node.removed', nodeId: 'node_1' },
  ] as unknown as ClusterEvent[];
  const told = events.map((event) => toShownEvent(team, { event })).filter((event) => event !== undefined);
  expect(told.map(({ type }) => type)).toEqual(['node.changed', 'model.changed', 'operation.changed', 'node.removed']);
  expect(JSON.stringify(told)).not.toContain('secret');
  expect(events.map((event) => toShownEvent(all, { event }))).toEqual(events);
});

const changed: ClusterEvent = { type: 'chat.changed', chatId: 'chat_1' };
const removed: ClusterEvent = { type: 'chat.removed', chatId: 'chat_1' };

test('attack 27: what happens to a chat is told to the person whose it is, and to nobody else, not to an admin either', () => {
  const admin = { ...all, ownerId: 'bert', permissions: permissionsOf('admin') };
  for (const event of [changed, removed]) {
    expect(toShownEvent(all, { event, ownerId: 'ana' })).toEqual(event);
    expect(toShownEvent(admin, { event, ownerId: 'ana' })).toBeUndefined();
    expect(toShownEvent(admin, { event })).toBeUndefined();
  }
});

test('who may not read a kind of thing is not told of it', () => {
  const none = { ...all, permissions: new Set(['cluster:read'] as const) };
  const measured: ClusterEvent = { type: 'cluster.measured', tokensPerSecond: 0, activeRequests: 0, queuedRequests: 0 };
  expect(toShownEvent(none, { event: measured })).toEqual(measured);
  expect(toShownEvent(none, { event: { type: 'resync' } })).toEqual({ type: 'resync' });
  for (const event of [
    { type: 'node.removed', nodeId: 'node_1' },
    { type: 'model.changed', name: 'a' },
  ] as const)
    expect(toShownEvent(none, { event })).toBeUndefined();
  expect(toShownEvent(none, { event: changed, ownerId: 'ana' })).toBeUndefined();
});

test('tasks are told to their owner, and to who manages compute', () => {
  const event: ClusterEvent = { type: 'tasks.changed', owner: 'ana', ids: ['task_1'] };
  const bob = { ownerId: 'bob', models: undefined, permissions: permissionsOf('developer') };
  expect(toShownEvent(all, { event })).toBe(event);
  expect(toShownEvent(bob, { event })).toBeUndefined();
  expect(toShownEvent({ ...bob, permissions: permissionsOf('operator') }, { event })).toBe(event);
});
