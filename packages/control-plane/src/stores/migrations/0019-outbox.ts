import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Database } from '../database.ts';

/** Mails that wait to be sent. What they say is a credential, and lies sealed. */
export const outbox = (kind: Database['kind']): Migration => ({
  async up({ schema }: Kysely<unknown>) {
    const int = kind === 'sqlite' ? sql`integer` : sql`bigint`;
    const table = schema
      .createTable('outbox')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('target', 'text', (column) => column.notNull())
      .addColumn('link_id', 'text', (column) => column.notNull())
      .addColumn('sealed', kind === 'sqlite' ? sql`blob` : sql`bytea`, (column) => column.notNull())
      .addColumn('tries', int, (column) => column.notNull())
      .addColumn('next_at', int, (column) => column.notNull())
      .addColumn('expires_at', int, (column) => column.notNull());
    await (kind === 'sqlite' ? table.modifyEnd(sql`strict`) : table).execute();
    await schema.createIndex('outbox_by_time').on('outbox').column('next_at').execute();
  },
});
