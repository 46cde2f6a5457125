/** No batch of prompt tokens shall take longer, so that running answers hardly stutter and an abort is soon seen. */
const limitMs = 100;
/** What is aimed at: machines are not steady. */
const targetMs = 85;
const firstTokens = 16;
const fewestTokens = 8;
const growth = 1.25;

export interface PrefillPace {
  /** How many prompt tokens the next batch takes. */
  chunkTokens(): number;
  learn(tokens: number, elapsedMs: number): void;
}

/** Finds by measuring how many prompt tokens fit into the limit: grows slowly while there is room, shrinks at once when there is none. */
export function createPrefillPace(mostTokens: number): PrefillPace {
  const clamp = (tokens: number) => Math.min(mostTokens, Math.max(Math.min(fewestTokens, mostTokens), Math.floor(tokens)));
  let chunk = clamp(firstTokens);
  return {
    chunkTokens: () => chunk,
    learn(tokens, elapsedMs) {
      if (elapsedMs > limitMs) chunk = Math.min(chunk, clamp((tokens * targetMs) / elapsedMs));
      else if (tokens * growth >= chunk && elapsedMs * growth < targetMs) chunk = clamp(chunk * growth + 1);
    },
  };
}
