import type { Query } from '../../stores/database.ts';

export interface ErasedRows {
  readonly chats: number;
  readonly keys: number;
}

export async function removeChats(query: Query, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  await query.deleteFrom('chat_messages').where('chat_id', 'in', ids).execute();
  const removed = await query.deleteFrom('chats').where('id', 'in', ids).executeTakeFirst();
  return Number(removed.numDeletedRows);
}

async function removeChatsOf(query: Query, ownerId: string): Promise<number> {
  const own = query.selectFrom('chats').select('id').where('owner_id', '=', ownerId);
  await query.deleteFrom('chat_messages').where('chat_id', 'in', own).execute();
  const removed = await query.deleteFrom('chats').where('owner_id', '=', ownerId).executeTakeFirst();
  return Number(removed.numDeletedRows);
}

/** An empty name stays empty: an entry that was still on its way does not bring the name back. */
async function forgetName(query: Query, personId: string): Promise<void> {
  await query
    .insertInto('audit_names')
    .values({ person_id: personId, name: '' })
    .onConflict((conflict) => conflict.column('person_id').doUpdateSet({ name: '' }))
    .execute();
}

/** The keys of the person's chats, and a note which they were: every key ring loses them, and every restore erases the person again. */
async function shredKeys(query: Query, personId: string, now: number): Promise<void> {
  const keys = await query.selectFrom('chat_keys').select('id').where('owner_id', '=', personId).orderBy('id').execute();
  await query.deleteFrom('chat_keys').where('owner_id', '=', personId).execute();
  await query
    .insertInto('erased_people')
    .values({ person_id: personId, key_ids_json: JSON.stringify(keys.map(({ id }) => id)), erased_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Everything of a person but the login itself, which goes by itself with all that proves who the person is. */
export async function eraseRowsOf(query: Query, personId: string, now: number): Promise<ErasedRows> {
  const chats = await removeChatsOf(query, personId);
  await query.deleteFrom('tasks').where('owner_id', '=', personId).execute(); // what they printed and returned with them
  await query.deleteFrom('task_bundles').where('owner_id', '=', personId).execute();
  await query
    .deleteFrom('usage_counters')
    .where('subject', 'in', query.selectFrom('api_keys').select('id').where('owner_id', '=', personId))
    .execute();
  const keys = await query.deleteFrom('api_keys').where('owner_id', '=', personId).executeTakeFirst();
  await query.deleteFrom('outbox').where('target', '=', personId).execute();
  await forgetName(query, personId);
  await shredKeys(query, personId, now);
  return { chats, keys: Number(keys.numDeletedRows) };
}
