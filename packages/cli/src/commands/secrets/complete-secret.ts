import type { Context } from '../../verb.ts';

/** Names of secrets that there are. */
export const completeSecret = async (context: Context): Promise<readonly string[]> =>
  (await context.connect().getSecrets({ signal: context.signal })).secrets.map(({ name }) => name);
