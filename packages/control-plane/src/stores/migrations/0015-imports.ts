import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Database } from '../database.ts';

/** Long work that goes on after a restart. */
export const imports = (kind: Database['kind']): Migration => ({
  async up({ schema }: Kysely<unknown>) {
    const int = kind === 'sqlite' ? sql`integer` : sql`bigint`;
    const table = schema
      .createTable('operations')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('reference', 'text', (column) => column.notNull())
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('wish_json', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('phase', 'text', (column) => column.notNull())
      .addColumn('bytes_done', int, (column) => column.notNull())
      .addColumn('bytes_total', int)
      .addColumn('reason_json', 'text')
      .addColumn('result_json', 'text')
      .addColumn('actor_json', 'text', (column) => column.notNull())
      .addColumn('started_at', int, (column) => column.notNull())
      .addColumn('ended_at', int);
    await (kind === 'sqlite' ? table.modifyEnd(sql`strict`) : table).execute();
    await schema.createIndex('operations_by_start').on('operations').columns(['started_at']).execute();
  },
});
