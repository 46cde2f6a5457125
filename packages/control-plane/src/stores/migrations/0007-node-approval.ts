import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Database } from '../database.ts';

/** Nodes may have to wait for somebody's approval. Those that joined before did not. */
export const nodeApproval = (kind: Database['kind']): Migration => ({
  async up(schema: Kysely<unknown>) {
    await schema.schema
      .alterTable('nodes')
      .addColumn('approved_at', kind === 'sqlite' ? sql`integer` : sql`bigint`)
      .execute();
    await sql`update nodes set approved_at = joined_at`.execute(schema);
  },
});
