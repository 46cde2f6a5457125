import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Database } from '../database.ts';

/** People, how they prove who they are, and where they are signed in. What belongs to a person goes with the person. */
export const people = (kind: Database['kind']): Migration => ({
  async up(schema: Kysely<unknown>) {
    const int = kind === 'sqlite' ? sql`integer` : sql`bigint`;
    const bytes = kind === 'sqlite' ? sql`blob` : sql`bytea`;
    const create = (name: string) => {
      const table = schema.schema.createTable(name);
      return kind === 'sqlite' ? table.modifyEnd(sql`strict`) : table;
    };
    const tables = [
      create('people')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('name', 'text', (column) => column.notNull().unique())
        .addColumn('display_name', 'text', (column) => column.notNull())
        .addColumn('email', 'text')
        .addColumn('role', 'text', (column) => column.notNull())
        .addColumn('state', 'text', (column) => column.notNull().check(sql`state in ('active', 'disabled')`))
        .addColumn('password_hash', 'text')
        .addColumn('created_at', int, (column) => column.notNull())
        .addColumn('last_sign_in_at', int)
        .addColumn('revision', int, (column) => column.notNull()),
      create('sessions')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('person_id', 'text', (column) => column.notNull().references('people.id').onDelete('cascade'))
        .addColumn('kind', 'text', (column) => column.notNull().check(sql`kind in ('browser', 'tokens')`))
        .addColumn('token_hash', 'text', (column) => column.notNull().unique())
        .addColumn('created_at', int, (column) => column.notNull())
        .addColumn('last_seen_at', int, (column) => column.notNull())
        .addColumn('expires_at', int, (column) => column.notNull())
        .addColumn('ended_at', int)
        .addColumn('address', 'text', (column) => column.notNull())
        .addColumn('program', 'text', (column) => column.notNull()),
      create('one_use_links')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('kind', 'text', (column) => column.notNull().check(sql`kind in ('setup', 'invitation', 'password')`))
        .addColumn('secret_hash', 'text', (column) => column.notNull())
        .addColumn('role', 'text')
        .addColumn('person_id', 'text', (column) => column.references('people.id').onDelete('cascade'))
        .addColumn('created_by', 'text', (column) => column.notNull())
        .addColumn('created_at', int, (column) => column.notNull())
        .addColumn('expires_at', int, (column) => column.notNull())
        .addColumn('used_at', int),
      create('totp_seeds')
        .addColumn('person_id', 'text', (column) => column.primaryKey().references('people.id').onDelete('cascade'))
        .addColumn('seed', bytes, (column) => column.notNull())
        .addColumn('confirmed_at', int)
        .addColumn('last_step', int, (column) => column.notNull()),
      create('recovery_codes')
        .addColumn('person_id', 'text', (column) => column.notNull().references('people.id').onDelete('cascade'))
        .addColumn('code_hash', 'text', (column) => column.notNull())
        .addColumn('used_at', int)
        .addPrimaryKeyConstraint('recovery_codes_key', ['person_id', 'code_hash']),
      create('passkeys')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('person_id', 'text', (column) => column.notNull().references('people.id').onDelete('cascade'))
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('rp_id', 'text', (column) => column.notNull())
        .addColumn('public_key', bytes, (column) => column.notNull())
        .addColumn('counter', int, (column) => column.notNull())
        .addColumn('created_at', int, (column) => column.notNull())
        .addColumn('last_used_at', int),
      create('token_families')
        .addColumn('session_id', 'text', (column) => column.primaryKey().references('sessions.id').onDelete('cascade'))
        .addColumn('family_hash', 'text', (column) => column.notNull())
        .addColumn('current_hash', 'text', (column) => column.notNull())
        .addColumn('rotated_at', int, (column) => column.notNull()),
      create('token_keys')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('public_json', 'text', (column) => column.notNull())
        .addColumn('sealed', bytes, (column) => column.notNull())
        .addColumn('created_at', int, (column) => column.notNull()),
    ];
    for (const table of tables) await table.execute();
    await schema.schema.createIndex('sessions_by_person').on('sessions').column('person_id').execute();
  },
});
