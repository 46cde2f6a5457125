import { type CreateTableBuilder, type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Database } from '../database.ts';

type Schema = Kysely<unknown>;
type Table = CreateTableBuilder<string, string>;

function addTables(create: (name: string) => Table, kind: Database['kind']): Table[] {
  const int = kind === 'sqlite' ? sql`integer` : sql`bigint`;
  return [
    create('audit_entries')
      .addColumn('sequence', int, (column) => column.primaryKey())
      .addColumn('at', int, (column) => column.notNull())
      .addColumn('actor_kind', 'text', (column) => column.notNull())
      .addColumn('actor_id', 'text', (column) => column.notNull())
      .addColumn('actor_name', 'text', (column) => column.notNull())
      .addColumn('actor_role', 'text', (column) => column.notNull())
      .addColumn('address', 'text', (column) => column.notNull())
      .addColumn('action', 'text', (column) => column.notNull())
      .addColumn('target', 'text', (column) => column.notNull())
      .addColumn('result', 'text', (column) => column.notNull().check(sql`result in ('ok', 'denied', 'failed')`))
      .addColumn('details_json', 'text', (column) => column.notNull())
      .addColumn('request_id', 'text', (column) => column.notNull())
      .addColumn('count', int, (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull()),
    create('audit_head')
      .addColumn('id', int, (column) => column.primaryKey().check(sql`id = 1`))
      .addColumn('sequence', int, (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .addColumn('anchor_sequence', int, (column) => column.notNull())
      .addColumn('anchor_hash', 'text', (column) => column.notNull())
      .addColumn('seal', 'text', (column) => column.notNull()),
  ];
}

/*
 * What the triggers refuse. Rows may go only up to the anchor, which retention moves first. An insertion must have the number that the head
 * has just been given and that is free (SQLite's `insert or replace` would otherwise remove a row without a word to any trigger of removals);
 * without a head the table is empty, or a backup is being restored into it. Nothing goes backwards.
 */
const anchor = 'coalesce((select anchor_sequence from audit_head), 0)';
const isNotNext =
  '(exists (select 1 from audit_head where sequence <> new.sequence) or exists (select 1 from audit_entries where sequence = new.sequence))';
const goesBack = '(new.sequence < old.sequence or new.anchor_sequence < old.anchor_sequence)';
const guards = [
  ['audit_entries_stay_as_they_are', 'audit_entries', 'update', 'true', 'an entry of the audit record is never changed'],
  ['audit_entries_stay', 'audit_entries', 'delete', `old.sequence > ${anchor}`, 'an entry of the audit record is never removed'],
  ['audit_entries_follow', 'audit_entries', 'insert', isNotNext, 'an entry of the audit record follows the newest one'],
  ['audit_head_goes_on', 'audit_head', 'update', goesBack, 'the audit record does not go back'],
  ['audit_head_stays', 'audit_head', 'delete', 'true', 'the head of the audit record is never removed'],
] as const;

const sqliteGuards = guards.map(
  ([name, table, event, when, message]) =>
    `create trigger ${name} before ${event} on ${table} when ${when} begin select raise(abort, '${message}'); end`,
);

// 23514, a check that failed: what it is in our words as well
const postgresGuards = guards.flatMap(([name, table, event, when, message]) => [
  `create function ${name}() returns trigger language plpgsql as $$ begin
    if ${when} then raise exception '${message}' using errcode = '23514'; end if;
    if tg_op = 'DELETE' then return old; end if;
    return new;
  end $$`,
  `create trigger ${name} before ${event} on ${table} for each row execute function ${name}()`,
]);
const postgresTruncation = ['audit_entries', 'audit_head'].flatMap((table) => [
  `create function ${table}_is_not_emptied() returns trigger language plpgsql as $$ begin
    raise exception 'the audit record is never emptied' using errcode = '23514';
  end $$`,
  `create trigger ${table}_is_not_emptied before truncate on ${table} for each statement execute function ${table}_is_not_emptied()`,
]);

export const auditTables = (kind: Database['kind']): Migration => ({
  async up(schema: Schema) {
    const create = (name: string): Table => {
      const table = schema.schema.createTable(name);
      return kind === 'sqlite' ? table.modifyEnd(sql`strict`) : table;
    };
    for (const table of addTables(create, kind)) await table.execute();
    for (const statement of kind === 'sqlite' ? sqliteGuards : [...postgresGuards, ...postgresTruncation])
      await sql.raw(statement).execute(schema);
  },
});
