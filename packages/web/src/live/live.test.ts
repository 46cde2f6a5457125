import type { ClusterEvent, ClusterStatus, Node } from '@cluster-ai/contracts';
import { describe, expect, test } from 'vitest';
import { applyToNodes, applyToStatus, findStale } from './apply-event.ts';
import { initialLiveState, noteActivity, noteLoss, noteRate, toFreshness } from './live-state.ts';

const node = (id: string, name = id) => ({ id, name, metrics: { tokensPerSecond: 1 }, replicas: [] }) as unknown as Node;
const measured = { type: 'cluster.measured', tokensPerSecond: 40, activeRequests: 2, queuedRequests: 1 } as const;

describe('events and the list of nodes', () => {
  const nodes = [node('a'), node('b')];

  test('a change keeps what was measured', () => {
    const { metrics: _, ...changed } = node('b', 'renamed');
    const after = applyToNodes(nodes, { type: 'node.changed', node: changed } as ClusterEvent);
    expect(after[1]).toMatchObject({ name: 'renamed', metrics: { tokensPerSecond: 1 } });
  });

  test('a node that nobody knew is added, without measurements', () => {
    const { metrics: _, ...changed } = node('c');
    const after = applyToNodes(nodes, { type: 'node.changed', node: changed } as ClusterEvent);
    expect(after[2]).toMatchObject({ id: 'c', metrics: null, lastSeenAt: null });
  });

  test('a measurement changes its node and no other', () => {
    const event = { type: 'node.measured', node: { id: 'a', metrics: { tokensPerSecond: 9 } } } as unknown as ClusterEvent;
    const after = applyToNodes(nodes, event);
    expect(after[0]?.metrics?.tokensPerSecond).toBe(9);
    expect(after[1]).toBe(nodes[1]);
  });

  test('a node that was removed is gone; other events change nothing', () => {
    expect(applyToNodes(nodes, { type: 'node.removed', nodeId: 'a' })).toEqual([nodes[1]]);
    expect(applyToNodes(nodes, measured)).toBe(nodes);
  });
});

describe('events and everything else', () => {
  test('counters follow the measurements', () => {
    const status = { tokens_per_second: 0, active_tasks: 0, queued_tasks: 0, name: 'x' } as ClusterStatus;
    expect(applyToStatus(status, measured)).toEqual({ tokens_per_second: 40, active_tasks: 2, queued_tasks: 1, name: 'x' });
  });

  test('what only says that it changed is fetched again; measurements fetch nothing', () => {
    expect(findStale({ type: 'resync' })).toEqual(['everything']);
    expect(findStale({ type: 'model.changed', name: 'x' })).toContainEqual(['models']);
    expect(findStale({ type: 'chat.changed', chatId: 'c1' })).toEqual([['chats'], ['chat', 'c1']]);
    expect(findStale(measured)).toEqual([]);
  });
});

describe('how fresh the page is', () => {
  test('live while something comes, late after a silence, offline after a loss, with its age', () => {
    const live = noteActivity(initialLiveState, 1000);
    expect(toFreshness(initialLiveState, 5000)).toEqual({ kind: 'connecting', ageMs: 0 });
    expect(toFreshness(live, 11_000)).toEqual({ kind: 'live', ageMs: 10_000 });
    expect(toFreshness(live, 31_000)).toEqual({ kind: 'late', ageMs: 30_000 });
    expect(toFreshness(noteLoss(live, 2000), 4000)).toEqual({ kind: 'offline', ageMs: 3000 });
  });

  test('rates are kept for the chart while something comes; the oldest fall out, and a loss is a gap', () => {
    expect(noteRate(initialLiveState, 40, 0).load).toEqual([]);
    let state = noteActivity(initialLiveState, 0);
    for (let at = 0; at < 500; at++) state = noteRate(state, at, at);
    expect(state.load).toHaveLength(450);
    expect(state.load.at(-1)).toEqual({ at: 499, tokensPerSecond: 499 });
    const lost = noteRate(noteLoss(noteLoss(state, 500), 501), 40, 502);
    expect(lost.load.slice(-2)).toEqual([
      { at: 499, tokensPerSecond: 499 },
      { at: 500, tokensPerSecond: null },
    ]);
  });
});
