import { type Verdict, verdicts } from '@cluster-ai/contracts';

/** What the registry allows, by what was found in a version's files. */
export interface VerdictPolicy {
  readonly worstForProtectedAlias: Verdict;
}

/** Nobody looked: that is no reason to trust. */
const unseen: Verdict = 'suspicious';

const badness = (verdict: Verdict) => verdicts.indexOf(verdict);

export const mayBeProtected = ({ worstForProtectedAlias }: VerdictPolicy, verdict: Verdict | null): boolean =>
  badness(verdict ?? unseen) <= badness(worstForProtectedAlias);
