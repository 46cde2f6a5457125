import { ClusterError, type KeyLimits, type LimitUse, type limitNames, type Phrase, phrase } from '@cluster-ai/contracts';
import { endOf, type Period } from './periods.ts';

type LimitName = (typeof limitNames)[number];

/** What is counted of somebody. */
export interface Counts {
  readonly requests: number;
  readonly tokens: number;
}

/** Whose use is counted, and against what. */
export interface Quota {
  /** Of the key, the person or the service account. */
  readonly subject: string;
  readonly name: string;
  readonly limits: KeyLimits;
}

interface Limit {
  readonly what: keyof Counts;
  readonly period: Period;
  readonly say: (values: { readonly name: string; readonly limit: number }) => Phrase;
}

const limits: Readonly<Record<LimitName, Limit>> = {
  requestsPerMinute: { what: 'requests', period: 'minute', say: (values) => phrase('used_requests_of_minute', values) },
  requestsPerDay: { what: 'requests', period: 'day', say: (values) => phrase('used_requests_of_day', values) },
  requestsPerMonth: { what: 'requests', period: 'month', say: (values) => phrase('used_requests_of_month', values) },
  tokensPerMinute: { what: 'tokens', period: 'minute', say: (values) => phrase('used_tokens_of_minute', values) },
  tokensPerDay: { what: 'tokens', period: 'day', say: (values) => phrase('used_tokens_of_day', values) },
  tokensPerMonth: { what: 'tokens', period: 'month', say: (values) => phrase('used_tokens_of_month', values) },
  budgetTokens: { what: 'tokens', period: 'ever', say: (values) => phrase('used_budget', values) },
};

const toTime = (ms: number) => new Date(ms).toISOString();

/** How much of each limit is used. */
export function measureLimits({ limits: given }: Quota, counts: (period: Period) => Counts, now: number): LimitUse[] {
  return (Object.entries(given) as [LimitName, number][]).map(([name, limit]) => {
    const { what, period } = limits[name];
    const end = endOf(period, now);
    return { name, limit, used: counts(period)[what], resetsAt: end === undefined ? null : toTime(end) };
  });
}

function refuse({ name, subject }: Quota, { name: limitName, limit, used, resetsAt }: LimitUse, now: number): ClusterError {
  const said = limits[limitName].say({ name, limit });
  const details = { limit: limitName, subject, allowed: limit, used, resetsAt };
  if (resetsAt === null) return new ClusterError('quota_exceeded', said, { hint: phrase('ask_for_more_budget'), details });
  return new ClusterError('quota_exceeded', [said, phrase('goes_on_at', { time: resetsAt.replace('.000Z', 'Z') })], {
    hint: phrase('wait_or_ask_for_more'),
    details,
    retryAfterSeconds: Math.max(1, Math.ceil((Date.parse(resetsAt) - now) / 1000)),
  });
}

interface Bound extends Pick<Limit, 'what' | 'period'> {
  readonly most: number;
}
const boundsByLimits = new WeakMap<KeyLimits, readonly Bound[]>();

/** The limits in the form in which they are compared with each request. */
function boundsOf({ limits: given }: Quota): readonly Bound[] {
  const known = boundsByLimits.get(given);
  if (known !== undefined) return known;
  const bounds = (Object.entries(given) as [LimitName, number][]).map(([name, most]) => ({ ...limits[name], most }));
  boundsByLimits.set(given, bounds);
  return bounds;
}

/** Throws `quota_exceeded` when one of the limits is used up: of several, the one that lasts longest. */
export function checkLimits(quota: Quota, counts: (period: Period) => Counts, now: number): void {
  const isUsedUp = boundsOf(quota).some(({ what, period, most }) => counts(period)[what] >= most);
  if (!isUsedUp) return; // nearly always
  const used = measureLimits(quota, counts, now).filter(({ limit, used: count }) => count >= limit);
  const [longest] = used.toSorted((a, b) => (b.resetsAt ?? '9').localeCompare(a.resetsAt ?? '9'));
  if (longest !== undefined) throw refuse(quota, longest, now);
}
