/** No batch of prompt tokens shall cost more computing than this, so that running answers hardly stutter and an abort is soon seen. */
const limitMs = 100;
/** What is aimed at: machines are not steady. */
const targetMs = 92;
const firstTokens = 16;
const fewestTokens = 8;
const growth = 1.1;
/** One slow batch may be the fault of somebody else on the machine; several in a row shrink enough. */
const mostShrinking = 0.7;

export interface PrefillPace {
  /** How many prompt tokens the next batch takes. */
  chunkTokens(): number;
  learn(tokens: number, elapsedMs: number): void;
}

/** Finds by measuring how many prompt tokens fit into the limit: grows slowly while there is room, shrinks when there is none. */
export function createPrefillPace(mostTokens: number): PrefillPace {
  const clamp = (tokens: number) => Math.min(mostTokens, Math.max(Math.min(fewestTokens, mostTokens), Math.floor(tokens)));
  let chunk = clamp(firstTokens);
  return {
    chunkTokens: () => chunk,
    learn(tokens, elapsedMs) {
      if (elapsedMs > limitMs) chunk = clamp(chunk * Math.max(mostShrinking, targetMs / elapsedMs));
      else if (tokens >= chunk * 0.8 && elapsedMs * growth < targetMs) chunk = clamp(chunk * growth + 1);
    },
  };
}
