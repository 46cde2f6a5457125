/** No batch of prompt tokens takes much longer than this, so that running answers hardly stutter and an abort is soon seen. */
const targetMs = 90;
const firstGuessTokens = 32;
const fewestTokens = 4;

export interface PrefillPace {
  /** How many prompt tokens the next batch takes. */
  chunkTokens(): number;
  learn(tokens: number, elapsedMs: number): void;
}

/** Finds by measuring how many prompt tokens fit into the target time. */
export function createPrefillPace(mostTokens: number): PrefillPace {
  let msPerToken: number | undefined;
  let largest = Math.min(firstGuessTokens, mostTokens);
  return {
    chunkTokens() {
      if (msPerToken === undefined) return largest;
      const fitting = Math.floor(targetMs / msPerToken);
      // grows by doubling: what is true of few tokens need not hold for many
      return Math.max(Math.min(fewestTokens, mostTokens), Math.min(fitting, largest * 2, mostTokens));
    },
    learn(tokens, elapsedMs) {
      if (tokens < fewestTokens) return; // a handful of tokens costs as much as one
      const ms = elapsedMs / tokens;
      msPerToken = msPerToken === undefined ? ms : msPerToken + (ms - msPerToken) * 0.3;
      largest = Math.max(fewestTokens, tokens);
    },
  };
}
