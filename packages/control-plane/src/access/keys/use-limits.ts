import { ClusterError, type KeyLimits } from '@cluster-ai/contracts';

/*
 * What a key has used in the current minute, day and month of UTC. In memory: a restart forgets the minute and the day begins anew from what was stored; limits
 * are there against runaway programs, not for bills.
 */

type Span = 'minute' | 'day' | 'month';

interface Used {
  readonly key: string;
  requests: number;
  tokens: number;
}

const spanKey = (span: Span, at: number): string => new Date(at).toISOString().slice(0, { minute: 16, day: 10, month: 7 }[span]);

function endOf(span: Span, at: number): number {
  const date = new Date(at);
  if (span === 'minute') return Math.floor(at / 60_000) * 60_000 + 60_000;
  if (span === 'day') return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + 1);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}

const sentences = {
  requestsPerMinute: ['requests', 'minute'],
  tokensPerMinute: ['tokens', 'minute'],
  tokensPerDay: ['tokens', 'day'],
  tokensPerMonth: ['tokens', 'month'],
} as const satisfies Record<keyof KeyLimits, readonly ['requests' | 'tokens', Span]>;

export interface UseLimits {
  /** Counts one request. Throws `quota_exceeded` with the seconds until it may go on. */
  begin(keyId: string, limits: KeyLimits, now: number): void;
  addTokens(keyId: string, tokens: number, now: number): void;
}

export function createUseLimits(): UseLimits {
  const used = new Map<string, Map<Span, Used>>();

  function usedIn(keyId: string, span: Span, now: number): Used {
    const spans = used.get(keyId) ?? new Map<Span, Used>();
    used.set(keyId, spans);
    const key = spanKey(span, now);
    const found = spans.get(span);
    if (found?.key === key) return found;
    const fresh = { key, requests: 0, tokens: 0 };
    spans.set(span, fresh);
    return fresh;
  }

  function check(keyId: string, limits: KeyLimits, now: number): void {
    for (const [name, [what, span]] of Object.entries(sentences) as [keyof KeyLimits, (typeof sentences)[keyof KeyLimits]][]) {
      const limit = limits[name];
      if (limit === undefined || usedIn(keyId, span, now)[what] < limit) continue;
      throw new ClusterError('quota_exceeded', `This key has used its ${limit} ${what} of this ${span}.`, {
        hint: 'Wait, or ask an admin for a higher limit.',
        retryAfterSeconds: Math.max(1, Math.ceil((endOf(span, now) - now) / 1000)),
      });
    }
  }

  return {
    begin(keyId, limits, now) {
      if (Object.keys(limits).length === 0) return; // nothing is counted that nobody limits
      check(keyId, limits, now);
      for (const span of ['minute', 'day', 'month'] as const) usedIn(keyId, span, now).requests++;
    },
    addTokens(keyId, tokens, now) {
      for (const span of ['minute', 'day', 'month'] as const) usedIn(keyId, span, now).tokens += tokens;
    },
  };
}
