import type { KeyUsage, KeyUsageList } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { Caller } from './caller.ts';
import type { ApiKeys } from './keys/api-keys.ts';

type Counted = Pick<ApiKeys, 'authenticate' | 'addTokens'>;

/**
 * What each key has used since this program started, whether it has limits or not. In memory, for looking at: a restart begins anew, and says
 * so by `since`.
 */
export function createKeyUsage({ clock }: { readonly clock: Clock }) {
  const since = new Date(clock.now()).toISOString();
  const used = new Map<string, { requests: number; tokens: number }>();

  function usedBy(keyId: string) {
    const found = used.get(keyId) ?? { requests: 0, tokens: 0 };
    used.set(keyId, found);
    return found;
  }

  const toUsage = (keyId: string): KeyUsage => ({ keyId, ...(used.get(keyId) ?? { requests: 0, tokens: 0 }) });

  return {
    /** The same keys, whose use is counted. */
    counting<Keys extends Counted>(keys: Keys): Keys {
      return {
        ...keys,
        authenticate(text: string): Caller {
          const caller = keys.authenticate(text);
          usedBy(caller.id).requests++;
          return caller;
        },
        addTokens(caller: Caller, tokens: number): void {
          if (caller.kind === 'key') usedBy(caller.id).tokens += tokens;
          keys.addTokens(caller, tokens);
        },
      };
    },
    list: (keyIds: readonly string[]): KeyUsageList => ({ since, usage: keyIds.map(toUsage) }),
  };
}
export type KeyUsageCounter = ReturnType<typeof createKeyUsage>;
