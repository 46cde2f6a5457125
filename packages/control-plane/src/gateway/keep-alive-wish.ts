import type { Caller } from '../access/caller.ts';

/**
 * Whether a caller may have a model unloaded. It is everybody's, so that asking it is not enough: whoever may change models may. On a machine of
 * one person (`local`) there is nobody else.
 */
export const mayUnload = (caller: Pick<Caller, 'kind' | 'permissions'> | undefined): boolean =>
  caller === undefined || caller.kind === 'local' || caller.permissions.has('models:write');

/**
 * For how long a model stays after this caller's request, as far as the caller may say: shorter than usual is as good as unloading it.
 * `undefined`: as long as usual. Negative: for ever.
 */
export function toAllowedKeepAlive(
  wishSeconds: number | undefined,
  caller: Pick<Caller, 'kind' | 'permissions'> | undefined,
  usualSeconds: number,
): number | undefined {
  if (wishSeconds === undefined || mayUnload(caller)) return wishSeconds;
  const isShorter = wishSeconds >= 0 && (usualSeconds < 0 || wishSeconds < usualSeconds);
  return isShorter ? undefined : wishSeconds;
}
