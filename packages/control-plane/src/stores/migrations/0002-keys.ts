import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Database } from '../database.ts';

/** API keys, and whose each chat is: what was written before anybody had a login is the machine's own. */
export const keysAndOwners = (kind: Database['kind']): Migration => ({
  async up({ schema }: Kysely<unknown>) {
    const int = kind === 'sqlite' ? sql`integer` : sql`bigint`;
    const table = schema
      .createTable('api_keys')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('secret_hash', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('owner_id', 'text', (column) => column.notNull())
      .addColumn('role', 'text', (column) => column.notNull())
      .addColumn('scopes_json', 'text')
      .addColumn('models_json', 'text')
      .addColumn('limits_json', 'text', (column) => column.notNull())
      .addColumn('created_at', int, (column) => column.notNull())
      .addColumn('expires_at', int)
      .addColumn('last_used_at', int)
      .addColumn('revoked_at', int);
    await (kind === 'sqlite' ? table.modifyEnd(sql`strict`) : table).execute();
    await schema.createIndex('api_keys_by_owner').on('api_keys').columns(['owner_id']).execute();
    await schema
      .alterTable('chats')
      .addColumn('owner_id', 'text', (column) => column.notNull().defaultTo('local'))
      .execute();
    await schema.createIndex('chats_by_owner').on('chats').columns(['owner_id', 'updated_at']).execute();
  },
});
