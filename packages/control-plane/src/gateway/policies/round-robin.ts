import type { Policy } from './policy.ts';

/** One after the other, in the order of their ids. */
export const roundRobin: Policy = (candidates, { turn }) => {
  const ordered = candidates.toSorted((a, b) => (a.replicaId < b.replicaId ? -1 : 1));
  const first = ordered.length === 0 ? 0 : turn % ordered.length;
  return [...ordered.slice(first), ...ordered.slice(0, first)];
};
