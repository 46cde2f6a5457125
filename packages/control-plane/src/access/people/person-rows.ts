import { ClusterError } from '@cluster-ai/contracts';
import { newId } from '@cluster-ai/runtime';
import type { Query } from '../../stores/database.ts';
import type { PersonRow } from '../../stores/tables.ts';
import type { PersonWish } from './people.ts';

const lastAdmin = () =>
  new ClusterError('conflict', 'This is the last admin: nobody would be left who may do everything.', {
    hint: 'Make somebody else an admin first.',
  });

/** Of a newcomer who may sign in at once. */
export const toPersonRow = (wish: PersonWish, passwordHash: string | null, now: number): PersonRow => ({
  id: newId('person', now),
  kind: 'person',
  name: wish.name,
  display_name: wish.displayName,
  email: wish.email,
  role: wish.role,
  state: 'active',
  password_hash: passwordHash,
  created_at: now,
  last_sign_in_at: null,
  models_json: null,
  limits_json: '{}',
  revision: 1,
});

/** Throws `already_exists` when the name is taken. */
export async function addPerson(query: Query, row: PersonRow): Promise<void> {
  const taken = await query.selectFrom('people').select('id').where('name', '=', row.name).executeTakeFirst();
  if (taken !== undefined) throw new ClusterError('already_exists', `Somebody is called "${row.name}" already.`, { param: 'name' });
  await query.insertInto('people').values(row).execute();
}

export const countPeople = async (query: Query) =>
  (await query.selectFrom('people').select('id').where('kind', '=', 'person').limit(1).execute()).length;

/** Whether somebody (else than this person) may do everything and sign in. */
export async function hasAdmin(query: Query, exceptId = ''): Promise<boolean> {
  const admin = await query
    .selectFrom('people')
    .select('id')
    .where('kind', '=', 'person')
    .where('role', '=', 'admin')
    .where('state', '=', 'active')
    .where('id', '!=', exceptId)
    .executeTakeFirst();
  return admin !== undefined;
}

/** Where there was an admin who may sign in, one must be left. Throws `conflict`. */
export async function keepAnAdmin(query: Query, change: () => Promise<unknown>): Promise<void> {
  const hadOne = await hasAdmin(query);
  await change();
  if (hadOne && !(await hasAdmin(query))) throw lastAdmin();
}
