/** An answer whose next token could be computed now. */
export interface Ready {
  readonly generated: number;
  readonly firstTokenAt: number;
}

/** So long a new answer rests after its first token at most; it ends the sooner for it, since its later steps are shared. */
const longestRestMs = 1500;

/**
 * Whether answers that have only just begun rest until the prompts beside them are read. Steps of a few rows cost nearly as much as steps of many, so that
 * prompts that came together shall also be answered together. Never when an answer is on its way already, and not for prompts that take long.
 */
export function awaitsCompany(ready: readonly Ready[], now: number, readingMs: number): boolean {
  if (ready.length === 0 || readingMs === 0) return false;
  if (ready.some(({ generated }) => generated > 1)) return false;
  return now + readingMs - Math.min(...ready.map(({ firstTokenAt }) => firstTokenAt)) <= longestRestMs;
}
