import { createHmac } from 'node:crypto';
import type { AgentReport, ReplicaReport } from '@cluster-ai/contracts';
import { toCondition } from '@cluster-ai/contracts';
import { describe, expect, test } from 'vitest';
import { keepOrdered, noteOrder } from './keep-ordered.ts';
import { applyReport, toLiveNode, toNode } from './live-node.ts';
import { createReplicaNames } from './replica-names.ts';

const record = {
  id: 'node_1',
  name: 'desk',
  joinedAt: 0,
  lastSeenAt: null,
  approvedAt: 0,
  certificateExpiresAt: 0,
  isLocal: false,
  facts: {},
} as never;
const names = createReplicaNames({ proofOf: (text) => createHmac('sha256', 'a key').update(text).digest() });
const digest = `sha256:${'a'.repeat(64)}`;
const copy = (replicaId: string, of = digest) =>
  ({ replicaId, digest: of, model: 'one', condition: toCondition('ready', 'serving', 0) }) as ReplicaReport;
const snapshot = (replicas: readonly ReplicaReport[]) => ({ type: 'snapshot', replicas, metrics: null }) as unknown as AgentReport;
const idsIn = (report: AgentReport | undefined) =>
  report?.type === 'snapshot' ? report.replicas.map(({ replicaId }) => replicaId) : undefined;

describe('attack 46: what a node reports of copies', () => {
  test('that were never ordered there, or are of other weights, is left out and told', () => {
    const node = toLiveNode(record, 0, 0);
    noteOrder(node, 'ordered_now', digest);
    const earlier = names.make('node_1', digest, 0); // by a control plane that is gone
    const elsewhere = names.make('node_2', digest, 0);
    const bent = `${earlier.slice(0, -1)}${earlier.endsWith('0') ? '1' : '0'}`;
    const told: string[] = [];
    const strange = [copy(elsewhere), copy(bent), copy('replica_made_up'), copy(''), copy('ordered_now', `sha256:${'b'.repeat(64)}`)];
    const report = keepOrdered(node, snapshot([copy('ordered_now'), copy(earlier), ...strange]), names, ({ replicaId }) =>
      told.push(replicaId),
    );
    expect(idsIn(report)).toEqual(['ordered_now', earlier]);
    expect(told).toEqual([elsewhere, bent, 'replica_made_up', '', 'ordered_now']);
    for (const replica of strange) expect(keepOrdered(node, { type: 'replica', replica }, names, () => {})).toBeUndefined();
    expect(keepOrdered(node, { type: 'replica', replica: copy(earlier) }, names, () => {})).toBeDefined();
  });

  test('fills no memory: a thousand of them are kept, and two thousand orders', () => {
    const node = toLiveNode(record, 0, 0);
    const many = Array.from({ length: 1500 }, (_, index) => copy(`replica_${index}`));
    applyReport(node, snapshot(many), 0);
    expect(toNode(node).replicas).toHaveLength(1000);
    for (const replica of many) applyReport(node, { type: 'replica', replica: { ...replica, replicaId: `more_${replica.replicaId}` } }, 0);
    expect(toNode(node).replicas).toHaveLength(1000);
    for (let order = 0; order < 3000; order++) noteOrder(node, `replica_${order}`, digest);
    expect(node.ordered.size).toBe(2000);
  });
});
