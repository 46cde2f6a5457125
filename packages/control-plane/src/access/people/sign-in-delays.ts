/**
 * How long somebody who guessed wrong has to wait, by name and address. It doubles with each wrong one and is never a lock: the person at
 * another address is not kept out, and here the wait has an end. Known in memory of this control plane only.
 */
export interface SignInDelays {
  /** Milliseconds until the next try; 0: now. */
  waitMs(name: string, address: string, now: number): number;
  /** Gives a way to take that back. */
  failed(name: string, address: string, now: number): () => void;
  succeeded(name: string, address: string): void;
}

/** People mistype. */
const FREE_TRIES = 4;
const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 15 * 60_000;
/** Names are chosen by whoever tries; the oldest are forgotten. */
const MOST_REMEMBERED = 20_000;

interface Failures {
  readonly count: number;
  readonly retryAt: number;
}

export function createSignInDelays(): SignInDelays {
  const failures = new Map<string, Failures>();
  const keyOf = (name: string, address: string) => `${address} ${name}`;
  return {
    waitMs: (name, address, now) => Math.max(0, (failures.get(keyOf(name, address))?.retryAt ?? 0) - now),
    failed(name, address, now) {
      const key = keyOf(name, address);
      const before = failures.get(key);
      const isForgiven = before === undefined || now - before.retryAt > LONGEST_DELAY_MS;
      const count = isForgiven ? 1 : before.count + 1;
      const delayMs = count < FREE_TRIES ? 0 : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (count - FREE_TRIES));
      failures.delete(key); // so that it is the newest
      failures.set(key, { count, retryAt: now + delayMs });
      const [oldest] = failures.keys();
      if (failures.size > MOST_REMEMBERED && oldest !== undefined) failures.delete(oldest);
      return () => {
        if (before === undefined) failures.delete(key);
        else failures.set(key, before);
      };
    },
    succeeded: (name, address) => void failures.delete(keyOf(name, address)),
  };
}
