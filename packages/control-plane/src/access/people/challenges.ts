import { randomBytes } from 'node:crypto';

/** What an authenticator is asked to sign: each is good once, for a few minutes, for whom it was made. In memory of this control plane. */
export interface Challenges<Purpose> {
  add(purpose: Purpose, now: number): string;
  /** `undefined`: never made here, used, or too old. */
  take(challenge: string, now: number): Purpose | undefined;
}

const LIFE_MS = 5 * 60_000;
/** Strangers may ask for them; the oldest go. */
const MOST = 10_000;

export function createChallenges<Purpose>(): Challenges<Purpose> {
  const open = new Map<string, { readonly purpose: Purpose; readonly until: number }>();
  return {
    add(purpose, now) {
      const [oldest] = open.keys();
      if (open.size >= MOST && oldest !== undefined) open.delete(oldest);
      const challenge = randomBytes(32).toString('base64url');
      open.set(challenge, { purpose, until: now + LIFE_MS });
      return challenge;
    },
    take(challenge, now) {
      const found = open.get(challenge);
      open.delete(challenge);
      return found !== undefined && found.until > now ? found.purpose : undefined;
    },
  };
}
