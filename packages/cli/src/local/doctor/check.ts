import type { Text } from '../../output/language.ts';

export type Verdict = 'ok' | 'warning' | 'failed';

/** One finding: what was looked at, what came out, and what to do about it. */
export interface Finding {
  readonly name: string;
  readonly verdict: Verdict;
  readonly message: Text;
  /** Empty where there is nothing to do. */
  readonly fix: Text;
}
