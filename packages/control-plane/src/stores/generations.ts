import type { Query } from './database.ts';

/** What grows with each change of something that control planes keep in memory, so that the others on one database notice. */
export type Generation = 'people.generation' | 'catalog.generation';

export async function readGeneration(query: Query, of: Generation): Promise<number> {
  const row = await query.selectFrom('settings').select('value_json').where('key', '=', of).executeTakeFirst();
  return Number(row?.value_json ?? 0);
}

/** In the transaction of the change. */
export async function advanceGeneration(transaction: Query, of: Generation, now: number): Promise<void> {
  const next = (await readGeneration(transaction, of)) + 1;
  const row = { value_json: String(next), updated_at: now, revision: next };
  await transaction
    .insertInto('settings')
    .values({ key: of, ...row })
    .onConflict((conflict) => conflict.column('key').doUpdateSet(row))
    .execute();
}
