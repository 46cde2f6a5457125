import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Database } from '../database.ts';

/** Who a person is at a sign-in provider. */
export const externalIdentities = (kind: Database['kind']): Migration => ({
  async up(schema: Kysely<unknown>) {
    const int = kind === 'sqlite' ? sql`integer` : sql`bigint`;
    const table = schema.schema
      .createTable('external_identities')
      .addColumn('issuer', 'text', (column) => column.notNull())
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('person_id', 'text', (column) => column.notNull().references('people.id').onDelete('cascade'))
      .addColumn('created_at', int, (column) => column.notNull())
      .addPrimaryKeyConstraint('external_identities_key', ['issuer', 'subject']);
    await (kind === 'sqlite' ? table.modifyEnd(sql`strict`) : table).execute();
  },
});
