import { createHash, randomBytes } from 'node:crypto';
import type { Database } from '../../stores/database.ts';
import { hashSecret } from '../people/secret-token.ts';

/** What the browser takes to the provider. */
export interface Begun {
  /** Comes back in the provider's answer. */
  readonly state: string;
  /** Stays in the browser, so that only it can come back. */
  readonly browser: string;
}

/** Sign-ins under way: each can be finished once, within minutes, in the browser that began it, by any control plane on the database. */
export interface OidcStarts {
  add(callbackUrl: string): Promise<Begun>;
  /** `undefined`: never begun, in another browser, finished, or too old. Whatever it was, it is over now. */
  take(state: string, browser: string | undefined): Promise<{ readonly callbackUrl: string } | undefined>;
}

const LIFE_MS = 5 * 60_000;
/** Strangers may begin; the oldest go. */
const MOST = 10_000;

/** What the provider gets to see of the browser's secret: it follows from that, so that the database need not keep it. */
export const derivedOf = (browser: string, what: 'verifier' | 'nonce'): string =>
  createHash('sha256').update(`${what} ${browser}`).digest('base64url');

const newSecret = () => randomBytes(32).toString('base64url');

export function createOidcStarts(database: Database, now: () => number): OidcStarts {
  return {
    async add(callbackUrl) {
      const begun = { state: newSecret(), browser: newSecret() };
      const row = {
        state_hash: hashSecret(begun.state),
        browser_hash: hashSecret(begun.browser),
        callback_url: callbackUrl,
        created_at: now(),
      };
      await database.transaction(
        async (query) => {
          const oldest = await query
            .selectFrom('oidc_starts')
            .select('created_at')
            .orderBy('created_at', 'desc')
            .offset(MOST - 1)
            .limit(1)
            .executeTakeFirst();
          await query
            .deleteFrom('oidc_starts')
            .where('created_at', '<=', Math.max(now() - LIFE_MS, oldest?.created_at ?? 0))
            .execute();
          await query.insertInto('oidc_starts').values(row).execute();
        },
        { durability: 'normal' }, // what a crash forgets is begun again
      );
      return begun;
    },
    async take(state, browser) {
      const [row] = await database.transaction((query) =>
        query.deleteFrom('oidc_starts').where('state_hash', '=', hashSecret(state)).returningAll().execute(),
      );
      const isOpen = row !== undefined && row.created_at + LIFE_MS > now();
      return isOpen && browser !== undefined && hashSecret(browser) === row.browser_hash ? { callbackUrl: row.callback_url } : undefined;
    },
  };
}
