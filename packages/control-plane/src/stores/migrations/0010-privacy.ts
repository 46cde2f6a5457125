import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Database } from '../database.ts';

/** Names of people whom the record of acts knows by their id alone: a name can be forgotten, an entry cannot. */
export const auditNames = (kind: Database['kind']): Migration => ({
  async up(schema: Kysely<unknown>) {
    const table = schema.schema
      .createTable('audit_names')
      .addColumn('person_id', 'text', (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.notNull());
    await (kind === 'sqlite' ? table.modifyEnd(sql`strict`) : table).execute();
  },
});
