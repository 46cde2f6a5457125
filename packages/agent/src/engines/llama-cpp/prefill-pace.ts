import { createTypicalCosts, type KnownCost } from './typical-costs.ts';

/** While answers are written no batch of prompt tokens shall cost more computing than this, so that they hardly stutter. */
export const limitBesideAnswersMs = 100;
/**
 * While none is written there is nobody to stutter. A batch reads all weights once, so that long ones cost less for each token (on a server CPU a sixth
 * less for 128 tokens than for 20); still somebody may come, or go, and waits for no more than this.
 */
export const limitAloneMs = 500;

/** What is aimed at: machines are not steady. */
const aimedShare = 0.97;
const firstTokens = 16;
const fewestTokens = 8;
/** Processors compute tokens in tiles of four: the rest of a tile costs as much as all of it. */
const tile = 4;
/** A batch tells little about one that is much longer. */
const largestStep = 2;

export interface PrefillPace {
  /** How many prompt tokens may go into the next batch so that it keeps within the limit. */
  chunkTokens(limitMs: number): number;
  /** What so many tokens cost in long batches; undefined while nothing is known. */
  expectedMs(tokens: number): number | undefined;
  learn(tokens: number, elapsedMs: number): void;
}

/** A line through what is known: a fixed part for the weights and a part for each token. One point alone is taken for all variable. */
function fitLine(points: readonly KnownCost[]): (tokens: number) => number {
  const mean = (of: (point: KnownCost) => number) => points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const middle = { size: mean(({ size }) => size), ms: mean(({ ms }) => ms) };
  const spread = mean(({ size }) => (size - middle.size) ** 2);
  const together = mean(({ size, ms }) => (size - middle.size) * (ms - middle.ms));
  const proportional = middle.ms / middle.size;
  const slope = spread === 0 ? proportional : Math.min(proportional, Math.max(0, together / spread));
  return (tokens) => middle.ms + slope * (tokens - middle.size);
}

/** Finds by measuring how many prompt tokens fit into a limit. */
export function createPrefillPace(mostTokens: number): PrefillPace {
  const costs = createTypicalCosts();
  const smallest = Math.min(fewestTokens, mostTokens);
  const points = () => costs.known().filter(({ size }) => size >= smallest);
  const clamp = (tokens: number) => {
    const whole = tokens >= fewestTokens ? Math.floor(tokens / tile) * tile : Math.floor(tokens);
    return Math.min(mostTokens, Math.max(smallest, whole));
  };
  return {
    chunkTokens(limitMs) {
      const known = points();
      if (known.length === 0) return clamp(firstTokens);
      const line = fitLine(known);
      let chunk = clamp(Math.max(...known.map(({ size }) => size)) * largestStep);
      while (chunk > smallest && (costs.of(chunk) ?? line(chunk)) > limitMs * aimedShare) chunk = clamp(chunk - tile);
      return chunk;
    },
    expectedMs(tokens) {
      const cheapest = points().toSorted((a, b) => a.ms / a.size - b.ms / b.size)[0];
      return cheapest && (tokens * cheapest.ms) / cheapest.size;
    },
    learn: (tokens, elapsedMs) => costs.record(tokens, elapsedMs),
  };
}
