import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Database } from '../database.ts';

/** Keys that are wrapped by the master key, what replaces them, and secrets by name. */
export const secretTables = (kind: Database['kind']): Migration => ({
  async up(schema: Kysely<unknown>) {
    const int = kind === 'sqlite' ? sql`integer` : sql`bigint`;
    const bytes = kind === 'sqlite' ? sql`blob` : sql`bytea`;
    const create = (name: string) => {
      const table = schema.schema.createTable(name);
      return kind === 'sqlite' ? table.modifyEnd(sql`strict`) : table;
    };
    await create('master_keys')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('canary', bytes, (column) => column.notNull())
      .addColumn('created_at', int, (column) => column.notNull())
      .execute();
    await create('data_keys')
      .addColumn('purpose', 'text', (column) => column.notNull())
      .addColumn('version', int, (column) => column.notNull())
      .addColumn('wrapped', bytes, (column) => column.notNull())
      .addColumn('created_at', int, (column) => column.notNull())
      .addColumn('uses', int, (column) => column.notNull())
      .addPrimaryKeyConstraint('data_keys_key', ['purpose', 'version'])
      .execute();
    await create('key_rotations')
      .addColumn('purpose', 'text', (column) => column.primaryKey())
      .addColumn('to_version', int, (column) => column.notNull())
      .addColumn('round', int, (column) => column.notNull())
      .addColumn('place', int, (column) => column.notNull())
      .addColumn('cursor', 'text', (column) => column.notNull())
      .addColumn('done', int, (column) => column.notNull())
      .addColumn('unreadable', int, (column) => column.notNull())
      .addColumn('started_at', int, (column) => column.notNull())
      .addColumn('swept_at', int)
      .execute();
    await create('secrets')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('purpose', 'text', (column) => column.notNull())
      .addColumn('sealed', bytes, (column) => column.notNull())
      .addColumn('created_at', int, (column) => column.notNull())
      .addColumn('changed_at', int, (column) => column.notNull())
      .addColumn('revision', int, (column) => column.notNull())
      .execute();
  },
});
