import { setImmediate as soon } from 'node:timers/promises';
import { agentPaths, type ReplicaReport } from '@cluster-ai/contracts';
import { answerJson, type Exchange, silentLogger, systemClock } from '@cluster-ai/runtime';
import { expect, test } from 'vitest';
import { joinCluster } from '../../packages/agent/src/link/join.ts';
import { openLinkConnection } from '../../packages/agent/src/link/link-connection.ts';
import { createTestReplicas, testHardware } from './fixtures/agent-parts.ts';
import { isState, openTestAgent, openTestControlPlane, type TestControlPlane, testSpec, until } from './fixtures/link-parts.ts';

const never = new AbortController().signal;
const invitation = { name: '', ttlSeconds: 600, listenHost: '127.0.0.1' };

interface Tricks {
  /** The answer to a heartbeat; what an honest agent says otherwise. */
  readonly beat?: (sequence: number) => unknown;
  /** What is written on the stream of reports. */
  readonly report?: (write: (value: unknown) => void) => Promise<void> | void;
}

const snapshot = (more: object = {}) => ({
  type: 'snapshot',
  agentVersion: '0.0.0',
  incarnation: 'inc_hostile',
  hardware: testHardware.facts,
  metrics: { ...testHardware.metrics(), tokensPerSecond: 0 },
  replicas: [],
  ...more,
});

/** Joined like any machine, and does as it likes from then on. */
async function openHostile({ nodes }: TestControlPlane, { beat, report }: Tricks = {}) {
  const { address, token } = await nodes.invite(invitation);
  const identity = await joinCluster({ address, token, name: 'hostile', version: '0.0.0' }, never);
  const handle = async ({ stream, path, query }: Exchange, onBeat: () => void) => {
    if (path === agentPaths.heartbeat) {
      onBeat();
      const sequence = Number(query.get('sequence'));
      return answerJson(stream, 200, beat?.(sequence) ?? { sequence, incarnation: 'inc_hostile' });
    }
    if (path !== agentPaths.reports) return answerJson(stream, 200, {});
    stream.respond({ ':status': 200 });
    const write = (value: unknown) => stream.write(`${typeof value === 'string' ? value : JSON.stringify(value)}\n`);
    write(snapshot());
    await report?.(write);
  };
  const connect = () => openLinkConnection({ identity, handle, clock: systemClock, log: silentLogger }, never);
  const connection = await connect();
  return { id: identity.nodeId, connect, [Symbol.asyncDispose]: async () => connection.close() };
}

async function openNeighbour(control: TestControlPlane) {
  const agent = await openTestAgent(await control.nodes.invite(invitation));
  await until(isState(control.nodes, agent.link.nodeId, 'ready'), 'the neighbour to be ready');
  return agent;
}

const replicaReport = (replicaId: string): ReplicaReport => {
  const replicas = createTestReplicas('');
  return replicas.put(testSpec(replicaId)) as ReplicaReport;
};

test('attack 46: answers that are no heartbeat do not keep a node alive', async () => {
  await using control = await openTestControlPlane();
  await using neighbour = await openNeighbour(control);
  const beats: NonNullable<Tricks['beat']>[] = [
    () => ({ sequence: 'later', incarnation: 1 }),
    () => ({ sequence: 1e308, incarnation: 'x'.repeat(1_000_000) }),
    () => [],
    () => 'alive',
    () => ({ sequence: 1, incarnation: { toString: 'x' } }),
  ];
  const loseOne = async (beat: NonNullable<Tricks['beat']>) => {
    await using hostile = await openHostile(control, { beat });
    await until(isState(control.nodes, hostile.id, 'unreachable', 'heartbeat_lost'), 'the hostile node to be lost');
    await control.nodes.remove(hostile.id);
  };
  await Promise.all(beats.map(loseOne)); // all at once: each takes the seconds after which silence counts as loss
  expect(control.nodes.get(neighbour.link.nodeId).condition.state).toBe('ready');
}, 120_000);

test('attack 46: an incarnation that comes back is the alarm, and ever new ones fill nothing', async () => {
  await using control = await openTestControlPlane();
  await using neighbour = await openNeighbour(control);
  await using twoFaced = await openHostile(control, { beat: (sequence) => ({ sequence, incarnation: `inc_${sequence % 2}` }) });
  await until(isState(control.nodes, twoFaced.id, 'degraded', 'certificate_copied'), 'the alarm');
  await expect(control.nodes.putReplica(twoFaced.id, testSpec())).rejects.toMatchObject({ code: 'node_unreachable' });
  expect(control.nodes.get(neighbour.link.nodeId).condition.state).toBe('ready');
});

test('attack 46: reports count for the node whose link they come over, whatever they say, and a flood of them hurts nobody else', async () => {
  await using control = await openTestControlPlane();
  await using neighbour = await openNeighbour(control);
  const { nodes } = control;
  const other = neighbour.link.nodeId;
  await nodes.putReplica(other, testSpec('replica_of_neighbour'));
  await until(() => nodes.get(other).replicas.length === 1, 'the report of the neighbour');
  let isFlooded = false;
  const honest = { ...testHardware.metrics(), tokensPerSecond: 0 };
  await using hostile = await openHostile(control, {
    async report(write) {
      write({ type: 'replica-gone', replicaId: 'replica_of_neighbour', nodeId: other });
      write({ type: 'goodbye', nodeId: other });
      write(snapshot({ nodeId: other, name: 'neighbour', approvedAt: 0, isLocal: true, metricsAt: '2999-01-01T00:00:00Z' }));
      for (const wrong of ['', '[]', 'null', '{"type":"promote","role":"admin"}', '{"__proto__":{"isLocal":true},"type":"metrics"}'])
        write(wrong);
      for (let round = 0; round < 20_000; round++) {
        write({ type: 'metrics', metrics: { ...honest, tokensPerSecond: round } });
        write({ type: 'replica', replica: replicaReport(`made_up_${round}`) });
        if (round % 200 === 0) await soon();
      }
      isFlooded = true;
    },
  });
  await until(() => isFlooded, 'the flood to be sent', 60_000);
  expect(nodes.get(other)).toMatchObject({ condition: { state: 'ready' }, isLocal: false });
  expect(nodes.get(other).replicas.map(({ replicaId }) => replicaId)).toEqual(['replica_of_neighbour']);
  expect(nodes.get(hostile.id)).toMatchObject({ name: 'hostile', isLocal: false });
  expect(nodes.get(hostile.id).replicas).toEqual([]);
  expect(nodes.list()).toHaveLength(2);
}, 120_000);

test('attack 46: a removed node does not come back by its heartbeats', async () => {
  await using control = await openTestControlPlane();
  await using hostile = await openHostile(control);
  await until(isState(control.nodes, hostile.id, 'ready'), 'the hostile node to be ready');
  await control.nodes.remove(hostile.id);
  for (let round = 0; round < 5; round++) {
    const late = await hostile.connect().catch(() => undefined);
    await late?.over;
  }
  expect(control.nodes.list()).toEqual([]);
  expect(await control.records.list()).toEqual([]);
});
