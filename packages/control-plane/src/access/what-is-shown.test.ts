import type { ClusterEvent, Node } from '@cluster-ai/contracts';
import { expect, test } from 'vitest';
import { permissionsOf } from './roles.ts';
import { toShownEvent, toShownNode } from './what-is-shown.ts';

const replica = (model: string) => ({ replicaId: `replica_${model}`, model }) as Node['replicas'][number];
const node = { id: 'node_1', replicas: ['team/small', 'Team/Small:v2', 'secret-plan', 'not a reference!'].map(replica) } as unknown as Node;
const who = { ownerId: 'ana', permissions: permissionsOf('developer') };
const all = { ...who, models: undefined };
const team = { ...who, models: ['team/*'], ownerModels: ['*'] };
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
    { type: 'model.changed', name: 'team/small' },
    { type: 'node.removed', nodeId: 'node_1' },
  ] as unknown as ClusterEvent[];
  const told = events.map((event) => toShownEvent(team, event)).filter((event) => event !== undefined);
  expect(told.map(({ type }) => type)).toEqual(['node.changed', 'model.changed', 'node.removed']);
  expect(JSON.stringify(told)).not.toContain('secret');
  expect(events.map((event) => toShownEvent(all, event))).toEqual(events);
});

test('tasks are told to their owner, and to who manages compute', () => {
  const event: ClusterEvent = { type: 'tasks.changed', owner: 'ana', ids: ['task_1'] };
  const bob = { ownerId: 'bob', models: undefined, permissions: permissionsOf('developer') };
  expect(toShownEvent(all, event)).toBe(event);
  expect(toShownEvent(bob, event)).toBeUndefined();
  expect(toShownEvent({ ...bob, permissions: permissionsOf('operator') }, event)).toBe(event);
});
