import { computeProfileShape, poolNameShape } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import { z } from 'zod';
import type { Database } from '../stores/database.ts';

const settingsShape = z.object({
  isEnabled: z.boolean().default(false),
  profile: computeProfileShape.optional(),
  pools: z.partialRecord(poolNameShape, z.object({ min: z.int().optional(), max: z.int().optional() })).default({}),
});

/** What people chose while the program ran. It goes before the configuration. */
export type ComputeSettings = z.infer<typeof settingsShape>;
export type PoolLimits = { readonly min?: number | undefined; readonly max?: number | undefined };

const KEY = 'compute';

/** Keeps the settings of compute in the database. */
export async function openComputeSettings({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
  const row = await database.query.selectFrom('settings').select('value_json').where('key', '=', KEY).executeTakeFirst();
  let current = settingsShape.parse(row === undefined ? {} : JSON.parse(row.value_json));

  return {
    current: (): ComputeSettings => current,
    async change(by: (settings: ComputeSettings) => ComputeSettings): Promise<void> {
      const next = by(current);
      const value = { value_json: JSON.stringify(next), updated_at: clock.now() };
      await database.transaction(async (transaction) => {
        await transaction
          .insertInto('settings')
          .values({ key: KEY, ...value, revision: 1 })
          .onConflict((conflict) => conflict.column('key').doUpdateSet((row) => ({ ...value, revision: row('settings.revision', '+', 1) })))
          .execute();
      });
      current = next;
    },
  };
}
export type ComputeSettingsStore = Awaited<ReturnType<typeof openComputeSettings>>;
