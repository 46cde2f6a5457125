import type { ClusterError } from '@cluster-ai/contracts';
import { createManualClock, silentLogger } from '@cluster-ai/runtime';
import { expect, test } from 'vitest';
import { type LiveNode, toLiveNode, toNode } from './live-node.ts';
import type { NodeLink } from './node-link.ts';
import { createLivenessWatch, sweepEveryMs } from './watch-liveness.ts';

const record = {
  id: 'node_a',
  name: 'a',
  joinedAt: 0,
  isLocal: false,
  approvedAt: 0,
  certificateSerial: '01',
  certificateExpiresAt: 1,
  lastSeenAt: 1,
  facts: { agentVersion: '', hardware: null },
};

/** A node with a link that answers when told so, and a control plane that sweeps as it should. */
function setUp() {
  const clock = createManualClock();
  const node: LiveNode = toLiveNode(record, clock.now(), clock.monotonic());
  const failures: ClusterError[] = [];
  let isClosed = false;
  const link: NodeLink = {
    address: '',
    request: () => Promise.reject(new Error('unused')),
    failOpenRequests: (error) => failures.push(error),
    drain: () => {},
    close: () => {
      isClosed = true;
    },
    closed: new Promise(() => {}),
  };
  node.link = link;
  const seen: string[] = [];
  const liveness = createLivenessWatch({
    nodes: new Map([[node.record.id, node]]),
    clock,
    log: silentLogger,
    onChanged: ({ condition }) => seen.push(condition.reason),
  });
  const answer = () => {
    node.heardAtMs = clock.monotonic();
    node.hasAnswered = true;
    liveness.sweep();
  };
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += sweepEveryMs) {
      await clock.advance(sweepEveryMs);
      liveness.sweep();
    }
  };
  return { clock, node, liveness, answer, pass, seen, failures, isClosed: () => isClosed };
}

test('silence is told within a sweep of its limits, and an answer at once', async () => {
  const { answer, pass, seen } = setUp();
  answer();
  expect(seen).toEqual(['serving']);
  await pass(3250);
  expect(seen).toEqual(['serving', 'heartbeat_late']);
  await pass(2000);
  expect(seen).toEqual(['serving', 'heartbeat_late', 'heartbeat_lost']);
  answer();
  expect(seen.at(-1)).toBe('serving');
});

test('since stays while the state does', async () => {
  const { answer, pass, node } = setUp();
  answer();
  const { since } = node.condition;
  await pass(2000);
  answer();
  expect(node.condition.since).toBe(since);
});

test('whoever waits for a lost node is told once, and its link is given up in the end', async () => {
  const { answer, pass, failures, isClosed } = setUp();
  answer();
  await pass(20_000);
  expect(failures.map(({ code }) => code)).toEqual(['node_lost']);
  expect(isClosed()).toBe(false);
  await pass(11_000);
  expect(isClosed()).toBe(true);
});

test('time in which this process stood still counts against nobody', async () => {
  const { clock, answer, pass, liveness, seen } = setUp();
  answer();
  await pass(1000);
  await clock.advance(60_000); // asleep: no sweep, no answer read
  liveness.sweep();
  await pass(1750);
  expect(seen).toEqual(['serving']);
  await pass(500);
  expect(seen).toEqual(['serving', 'heartbeat_late']);
});

test('the replicas of a lost node are not shown as ready', async () => {
  const { answer, pass, node } = setUp();
  const { toCondition } = await import('@cluster-ai/contracts');
  node.replicas.set('r', {
    replicaId: 'r',
    fence: 1,
    model: 'm',
    digest: 'd',
    engine: 'fake',
    condition: toCondition('ready', 'serving', 0),
    progress: null,
    capabilities: [],
    contextSize: null,
    parallel: null,
    threads: null,
    busySlots: 2,
    queued: 1,
    memoryBytes: 0,
    tokensPerSecond: 5,
    loadMs: null,
    embeddingLength: null,
  });
  answer();
  expect(toNode(node).replicas).toMatchObject([{ condition: { state: 'ready' } }]);
  await pass(6000);
  expect(toNode(node).replicas).toMatchObject([{ condition: { state: 'unreachable', reason: 'node_lost' }, tokensPerSecond: 0 }]);
});
