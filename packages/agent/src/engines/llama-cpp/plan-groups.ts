import { createTypicalCosts } from './typical-costs.ts';

/*
 * The runtime evaluates neighbouring slots side by side, and the time for that is uneven: on some processors two to five streams are
 * faster one after another than together. So the driver learns from its own traffic what n slots side by side cost, and splits
 * where splitting is cheaper. Slots are emitted in falling groups, since the runtime joins only ids that rise by exactly one.
 */

export interface GroupCosts {
  /** Milliseconds for one group of n; undefined while that is not known well enough. */
  of(n: number): number | undefined;
  /** What one decode of all these groups took. */
  learn(groups: readonly (readonly number[])[], elapsedMs: number): void;
}

export function createGroupCosts(): GroupCosts {
  const costs = createTypicalCosts();
  return {
    of: costs.of,
    learn(groups, elapsedMs) {
      const sizes = groups.map(({ length }) => length);
      const isUniform = new Set(sizes).size === 1;
      const expected = sizes.map((size) => (isUniform ? 1 : (costs.guess(size) ?? Number.NaN)));
      const whole = expected.reduce((sum, ms) => sum + ms, 0);
      if (Number.isNaN(whole)) return; // whose share was it?
      for (const [i, size] of sizes.entries()) costs.record(size, (elapsedMs * (expected[i] ?? 0)) / whole);
    },
  };
}

function toRuns(slots: readonly number[]): number[][] {
  const runs: number[][] = [];
  for (const id of slots.toSorted((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && last.at(-1) === id - 1) last.push(id);
    else runs.push([id]);
  }
  return runs;
}

/** Longer runs gain nothing that is worth the risk of a wrong plan. */
const longestSplitRun = 5;
/** Splitting must promise this much, or small errors of measurement would make the plan flutter. */
const worthSplitting = 0.85;

/** The cheapest sizes that add up to n, by what is known. */
function cheapestSizes(n: number, costs: GroupCosts): readonly number[] {
  const best: { ms: number; sizes: readonly number[] }[] = [{ ms: 0, sizes: [] }];
  for (let total = 1; total <= n; total++) {
    let winner = { ms: Number.POSITIVE_INFINITY, sizes: [] as readonly number[] };
    for (let size = 1; size <= total; size++) {
      const rest = best[total - size];
      const ms = (costs.of(size) ?? Number.POSITIVE_INFINITY) + (rest?.ms ?? 0);
      if (rest && ms < winner.ms) winner = { ms, sizes: [size, ...rest.sizes] };
    }
    best.push(winner);
  }
  const whole = costs.of(n) ?? Number.POSITIVE_INFINITY;
  const winner = best[n];
  return winner && winner.ms < whole * worthSplitting ? winner.sizes : [n];
}

function splitRun(run: readonly number[], costs: GroupCosts): number[][] {
  if (run.length > longestSplitRun || costs.of(run.length) === undefined) return [[...run]]; // learn what it costs as a whole first
  if (costs.of(1) === undefined) return run.map((id) => [id]);
  const groups: number[][] = [];
  let start = 0;
  for (const size of cheapestSizes(run.length, costs)) {
    groups.push(run.slice(start, start + size));
    start += size;
  }
  return groups;
}

/** In which groups and which order the slots go into one decode. */
export function planGroups(slots: readonly number[], costs: GroupCosts): readonly (readonly number[])[] {
  return toRuns(slots)
    .flatMap((run) => splitRun(run, costs))
    .reverse();
}
