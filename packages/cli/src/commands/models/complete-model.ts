import type { Context } from '../../verb.ts';

/** For completion: what can be typed where a model is meant. */
export const completeModel = async (context: Context): Promise<readonly string[]> =>
  (await context.connect().listModels({ signal: context.signal })).models.map(({ name }) => name);
