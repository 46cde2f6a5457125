import { type Phrase, phrase } from '@cluster-ai/contracts';
import { freeMemory } from './free-memory.ts';
import type { FailureView, NodeView, ReplicaView, WishView } from './view.ts';

export interface PlacementView {
  readonly wish: Pick<WishView, 'digest' | 'requiredBytes'>;
  readonly nodes: readonly NodeView[];
  readonly replicas: readonly ReplicaView[];
  readonly failures: readonly FailureView[];
  readonly nowMs: number;
}

/** Why a node was passed over. */
export interface Refusal {
  readonly nodeId: string;
  readonly kind: 'not-ready' | 'memory';
  /** For people: "Node a: needs 3.1 GB, 2.9 GB free." */
  readonly said: Phrase;
}

export type Placement =
  | { readonly type: 'placed'; readonly nodeId: string; readonly why: string }
  | { readonly type: 'refused'; readonly refusals: readonly Refusal[] };

/** Bytes for people, in the decimal units that file managers show. */
function formatBytes(bytes: number): string {
  const [value, unit] = bytes >= 1e9 ? [bytes / 1e9, 'GB'] : [bytes / 1e6, 'MB'];
  return `${value.toFixed(unit === 'GB' ? 1 : 0)} ${unit}`;
}

interface Candidate {
  readonly node: NodeView;
  readonly freeBytes: number;
  readonly copies: number;
  readonly hasFailed: boolean;
  readonly hasWeights: boolean;
}

function toRefusal({ node, freeBytes }: Candidate, requiredBytes: number): Refusal | undefined {
  if (node.state !== 'ready')
    return { nodeId: node.id, kind: 'not-ready', said: phrase('node_is_in_state', { node: node.name, state: node.state }) };
  if (freeBytes >= requiredBytes) return undefined;
  const values = { node: node.name, needed: requiredBytes, free: Math.max(0, freeBytes) };
  return { nodeId: node.id, kind: 'memory', said: phrase('node_lacks_memory', values) };
}

/** Where it did not fail lately, where no copy is yet, where the weights lie, this machine, the most free memory, the name. */
function compare(a: Candidate, b: Candidate): number {
  return (
    Number(a.hasFailed) - Number(b.hasFailed) ||
    a.copies - b.copies ||
    Number(b.hasWeights) - Number(a.hasWeights) ||
    Number(b.node.isLocal) - Number(a.node.isLocal) ||
    b.freeBytes - a.freeBytes ||
    (a.node.id < b.node.id ? -1 : 1)
  );
}

function explain({ freeBytes, hasWeights, node }: Candidate): string {
  const facts = [hasWeights ? 'has the weights' : 'fetches the weights', `${formatBytes(freeBytes)} free`];
  return `node ${node.name}: ${facts.join(', ')}`;
}

/** On which node a copy should run, or why each one cannot take it. Pure. */
export function decidePlacement({ wish, nodes, replicas, failures, nowMs }: PlacementView): Placement {
  const toCandidate = (node: NodeView): Candidate => ({
    node,
    freeBytes: freeMemory(node, replicas),
    copies: replicas.filter(({ nodeId, digest, state }) => nodeId === node.id && digest === wish.digest && state !== 'failed').length,
    hasFailed: failures.some(({ nodeId, digest, retryAtMs }) => nodeId === node.id && digest === wish.digest && retryAtMs + 60_000 > nowMs),
    hasWeights: node.weights.has(wish.digest),
  });
  const candidates = nodes.map(toCandidate);
  const refusals = candidates.flatMap((candidate) => toRefusal(candidate, wish.requiredBytes) ?? []);
  const refused = new Set(refusals.map(({ nodeId }) => nodeId));
  const [best] = candidates.filter(({ node }) => !refused.has(node.id)).sort(compare);
  return best ? { type: 'placed', nodeId: best.node.id, why: explain(best) } : { type: 'refused', refusals };
}
