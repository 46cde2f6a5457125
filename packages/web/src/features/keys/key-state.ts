import type { ApiKey } from '@cluster-ai/contracts';

export type KeyState = 'active' | 'expired' | 'revoked';

/** Whether a key is still taken. */
export function toKeyState({ revokedAt, expiresAt }: Pick<ApiKey, 'revokedAt' | 'expiresAt'>, now: number): KeyState {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && Date.parse(expiresAt) <= now ? 'expired' : 'active';
}
