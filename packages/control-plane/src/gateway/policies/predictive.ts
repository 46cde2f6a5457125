import { byCost, type Candidate, type Policy, type Speed } from './policy.ts';

/** Milliseconds until the last token of a usual answer, on this replica as busy as it is. */
function predictMs({ inFlight, parallel }: Candidate, speed: Speed, promptTokens: number): number {
  const ahead = Math.max(0, inFlight + 1 - parallel);
  const queueMs = (ahead * speed.serviceMs) / parallel;
  const prefillMs = (promptTokens / speed.prefillTokensPerSecond) * 1000;
  const decodeMs = (speed.completionTokens / speed.decodeTokensPerSecond) * 1000;
  return queueMs + (prefillMs + decodeMs) * (1 + inFlight / parallel); // those who share a batch slow each other down
}

/** Who has not answered yet is taken for as fast as the fastest: it gets its first request soon, and then we know. */
function assumeSpeed(candidates: readonly Candidate[]): Speed | undefined {
  const known = candidates.flatMap(({ speed }) => speed ?? []);
  return known.toSorted((a, b) => b.decodeTokensPerSecond - a.decodeTokensPerSecond)[0];
}

/**
 * The replica that will answer first, by measured speeds: waiting for a slot, reading the prompt, writing a usual answer. The writing counts
 * because two idle machines begin equally soon, and the slower one keeps its reader waiting ever after.
 */
export const predictive: Policy = (candidates, { promptTokens }, random) => {
  const assumed = assumeSpeed(candidates);
  return byCost(
    candidates,
    (candidate) => {
      const speed = candidate.speed ?? assumed;
      return speed ? Math.round(predictMs(candidate, speed, promptTokens)) : candidate.inFlight / candidate.parallel;
    },
    random,
  );
};
