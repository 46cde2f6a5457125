import { holdsMemory, type NodeView, type ReplicaView } from './view.ts';

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/**
 * What may still be promised on a node. Two books, and the stricter one counts: our own (all memory less what every replica there
 * needs or holds), and the node's measurement less what replicas that are still loading will take. Weights mapped from a file look free in
 * the second, a neighbour's program is missing in the first.
 */
export function freeMemory(node: NodeView, replicas: readonly ReplicaView[]): number {
  const here = replicas.filter((replica) => replica.nodeId === node.id && holdsMemory(replica));
  const ours = node.memoryBytes - sum(here.map((replica) => Math.max(replica.requiredBytes, replica.residentBytes)));
  if (node.availableBytes === undefined) return ours;
  const loading = here.filter((replica) => replica.state === 'starting');
  const measured = node.availableBytes - sum(loading.map((replica) => Math.max(0, replica.requiredBytes - replica.residentBytes)));
  return Math.min(ours, measured);
}
