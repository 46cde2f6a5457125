import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Database } from '../database.ts';

/** Bytes on their way in, who holds a blob that nothing refers to yet, how blobs fare, and the keys of signed addresses. */
export const uploads = (kind: Database['kind']): Migration => ({
  async up(schema: Kysely<unknown>) {
    const int = kind === 'sqlite' ? sql`integer` : sql`bigint`;
    const bytes = kind === 'sqlite' ? sql`blob` : sql`bytea`;
    const create = (name: string) => {
      const table = schema.schema.createTable(name);
      return kind === 'sqlite' ? table.modifyEnd(sql`strict`) : table;
    };
    await create('uploads')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('owner', 'text', (column) => column.notNull())
      .addColumn('size_bytes', int)
      .addColumn('digest', 'text')
      .addColumn('created_at', int, (column) => column.notNull())
      .execute();
    await create('blob_leases')
      .addColumn('digest', 'text', (column) => column.notNull().references('blobs.digest').onDelete('cascade'))
      .addColumn('holder', 'text', (column) => column.notNull())
      .addColumn('expires_at', int, (column) => column.notNull())
      .addPrimaryKeyConstraint('blob_leases_key', ['digest', 'holder'])
      .execute();
    await create('orphan_files')
      .addColumn('digest', 'text', (column) => column.primaryKey())
      .addColumn('found_at', int, (column) => column.notNull())
      .execute();
    await create('blob_url_keys')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('sealed', bytes, (column) => column.notNull())
      .addColumn('created_at', int, (column) => column.notNull())
      .execute();
    await schema.schema.alterTable('blobs').addColumn('unreferenced_at', int).execute();
    await schema.schema.alterTable('blobs').addColumn('damaged_at', int).execute();
    await schema.schema.createIndex('uploads_by_owner').on('uploads').column('owner').execute();
    await schema.schema.createIndex('blob_leases_by_holder').on('blob_leases').column('holder').execute();
    await schema.schema.createIndex('blobs_by_verification').on('blobs').column('verified_at').execute();
  },
});
