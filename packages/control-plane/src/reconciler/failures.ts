import type { Condition, ReasonCode } from '@cluster-ai/contracts';
import { backoffMs, type Clock } from '@cluster-ai/runtime';

/** What the last try to run some weights on a node came to. */
export interface Failure {
  readonly digest: string;
  readonly nodeId: string;
  /** How often these weights failed in a row, wherever. */
  readonly count: number;
  readonly atMs: number;
  readonly retryAtMs: number;
  readonly condition: Condition;
  /** The next try would end the same way, as far as we know. */
  readonly isLasting: boolean;
}

/** Failures that another try would only repeat: they are told to whoever waits instead. */
const lasting: readonly ReasonCode[] = [
  'invalid_model_file',
  'digest_mismatch',
  'weights_missing',
  'unsupported_model',
  'engine_missing',
  'not_enough_memory',
  'load_timeout',
];
const FIRST_PAUSE_MS = 250;
const FIRST_LASTING_PAUSE_MS = 5000;
const FORGET_AFTER_MS = 600_000;

/** Remembers what failed where, and when it may be tried again: pauses double up to half a minute. */
export function createFailures({ clock }: { readonly clock: Clock }) {
  const byDigest = new Map<string, readonly Failure[]>();
  return {
    record(digest: string, nodeId: string, condition: Condition): Failure {
      const earlier = byDigest.get(digest) ?? [];
      const count = Math.max(0, ...earlier.map((failure) => failure.count)) + 1;
      const isLasting = lasting.includes(condition.reason);
      const atMs = clock.now();
      const retryAtMs = atMs + backoffMs(count - 1, isLasting ? FIRST_LASTING_PAUSE_MS : FIRST_PAUSE_MS);
      const failure = { digest, nodeId, count, atMs, retryAtMs, condition, isLasting };
      byDigest.set(digest, [...earlier.filter((other) => other.nodeId !== nodeId), failure]);
      return failure;
    },
    latest: (digest: string): Failure | undefined => byDigest.get(digest)?.at(-1),
    list: (): readonly Failure[] => [...byDigest.values()].flat(),
    /** It runs well again. */
    clear: (digest: string): void => void byDigest.delete(digest),
    forgetOld(): void {
      for (const [digest, failures] of byDigest)
        if (failures.every(({ atMs }) => atMs + FORGET_AFTER_MS < clock.now())) byDigest.delete(digest);
    },
  };
}
export type Failures = ReturnType<typeof createFailures>;
