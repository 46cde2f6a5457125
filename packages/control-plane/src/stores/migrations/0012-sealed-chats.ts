import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Database } from '../database.ts';

/** What people wrote may lie sealed, each with a key of the person; who was erased, and where backups lie that must learn of it. */
export const sealedChats = (kind: Database['kind']): Migration => ({
  async up(schema: Kysely<unknown>) {
    const int = kind === 'sqlite' ? sql`integer` : sql`bigint`;
    const bytes = kind === 'sqlite' ? sql`blob` : sql`bytea`;
    const create = (name: string) => {
      const table = schema.schema.createTable(name);
      return kind === 'sqlite' ? table.modifyEnd(sql`strict`) : table;
    };
    await schema.schema.alterTable('chats').addColumn('sealed', bytes).execute();
    await schema.schema.alterTable('chat_messages').addColumn('sealed', bytes).execute();
    for (const table of ['chats', 'chat_messages']) {
      // each start asks for rows that lie the other way than they should: usually there are none
      const index = (name: string) => schema.schema.createIndex(`${table}_${name}`).on(table).column('id');
      await index('sealed').where(sql.ref('sealed'), 'is not', null).execute();
      await index('clear').where(sql.ref('sealed'), 'is', null).execute();
    }
    await create('chat_keys')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('owner_id', 'text', (column) => column.notNull())
      .addColumn('wrapped', bytes, (column) => column.notNull())
      .addColumn('created_at', int, (column) => column.notNull())
      .execute();
    await schema.schema.createIndex('chat_keys_by_owner').on('chat_keys').columns(['owner_id', 'created_at']).execute();
    await create('erased_people')
      .addColumn('person_id', 'text', (column) => column.primaryKey())
      .addColumn('key_ids_json', 'text', (column) => column.notNull())
      .addColumn('erased_at', int, (column) => column.notNull())
      .execute();
    await create('backup_folders')
      .addColumn('path', 'text', (column) => column.primaryKey())
      .execute();
  },
});
