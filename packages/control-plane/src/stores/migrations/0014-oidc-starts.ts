import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Database } from '../database.ts';

/** Sign-ins that a provider has yet to answer, so that any control plane on the same database can finish them. */
export const oidcStarts = (kind: Database['kind']): Migration => ({
  async up(schema: Kysely<unknown>) {
    const int = kind === 'sqlite' ? sql`integer` : sql`bigint`;
    const table = schema.schema
      .createTable('oidc_starts')
      .addColumn('state_hash', 'text', (column) => column.primaryKey())
      .addColumn('browser_hash', 'text', (column) => column.notNull())
      .addColumn('callback_url', 'text', (column) => column.notNull())
      .addColumn('created_at', int, (column) => column.notNull());
    await (kind === 'sqlite' ? table.modifyEnd(sql`strict`) : table).execute();
    await schema.schema.createIndex('oidc_starts_by_age').on('oidc_starts').column('created_at').execute();
  },
});
