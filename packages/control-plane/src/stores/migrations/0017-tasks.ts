import { type CreateTableBuilder, type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Database } from '../database.ts';

type Table = CreateTableBuilder<string, string>;

function createTables(create: (name: string) => Table, kind: Database['kind']): readonly Table[] {
  const int = kind === 'sqlite' ? sql`integer` : sql`bigint`;
  return [
    create('tasks')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('sequence', int, (column) => column.notNull())
      .addColumn('owner_id', 'text', (column) => column.notNull())
      .addColumn('submitter_json', 'text', (column) => column.notNull())
      .addColumn('type', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('content_hash', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) =>
        column.notNull().check(sql`state in ('queued', 'submitted', 'running', 'cancelling', 'done', 'failed', 'cancelled')`),
      )
      .addColumn('attempt', int, (column) => column.notNull())
      .addColumn('failures', int, (column) => column.notNull())
      .addColumn('retries', int, (column) => column.notNull())
      .addColumn('priority', int, (column) => column.notNull())
      .addColumn('depends_json', 'text', (column) => column.notNull())
      .addColumn('resources_json', 'text', (column) => column.notNull())
      .addColumn('wants_report', int, (column) => column.notNull())
      .addColumn('timeout_ms', int)
      .addColumn('deadline_at', int)
      .addColumn('progress_thousandths', int, (column) => column.notNull())
      .addColumn('message', 'text', (column) => column.notNull())
      .addColumn('worker', 'text')
      .addColumn('reason_json', 'text')
      .addColumn('result_digest', 'text', (column) => column.references('blobs.digest'))
      .addColumn('result_bytes', int)
      .addColumn('report_digest', 'text', (column) => column.references('blobs.digest'))
      .addColumn('created_at', int, (column) => column.notNull())
      .addColumn('started_at', int)
      .addColumn('ended_at', int)
      .addColumn('result_json', 'text')
      .addColumn('input_json', 'text', (column) => column.notNull()), // last: lists are read without it
    create('task_logs')
      .addColumn('task_id', 'text', (column) => column.notNull().references('tasks.id').onDelete('cascade'))
      .addColumn('number', int, (column) => column.notNull())
      .addColumn('at', int, (column) => column.notNull())
      .addColumn('attempt', int, (column) => column.notNull())
      .addColumn('text', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('task_logs_key', ['task_id', 'number']),
    create('task_bundles')
      .addColumn('digest', 'text', (column) => column.notNull().references('blobs.digest'))
      .addColumn('owner_id', 'text', (column) => column.notNull())
      .addColumn('size_bytes', int, (column) => column.notNull())
      .addColumn('created_at', int, (column) => column.notNull())
      .addPrimaryKeyConstraint('task_bundles_key', ['digest', 'owner_id']),
  ];
}

const indexes = [
  'create index tasks_by_sequence on tasks (sequence)',
  'create index tasks_by_owner on tasks (owner_id, sequence)',
  "create index tasks_live on tasks (state) where state in ('queued', 'submitted', 'running', 'cancelling')",
  'create index tasks_by_end on tasks (ended_at) where ended_at is not null',
  'create index tasks_by_result on tasks (result_digest) where result_digest is not null',
  'create index tasks_by_report on tasks (report_digest) where report_digest is not null',
];

const over = "('done', 'cancelled')";
const message = 'a task that has ended stays as it ended';

/** How a task ended is written once, whoever writes; a failed one may be tried again. */
const guards: Readonly<Record<Database['kind'], readonly string[]>> = {
  sqlite: [
    `create trigger tasks_end_once before update of state on tasks when old.state in ${over} begin select raise(abort, '${message}'); end`,
  ],
  postgres: [
    `create function tasks_end_once() returns trigger language plpgsql as $$ begin raise exception '${message}' using errcode = '23514'; end $$`,
    `create trigger tasks_end_once before update of state on tasks for each row when (old.state in ${over}) execute function tasks_end_once()`,
  ],
};

/** Work for Dask, what it says meanwhile, and the modules that it brings. */
export const tasks = (kind: Database['kind']): Migration => ({
  async up(schema: Kysely<unknown>) {
    const create = (name: string): Table => {
      const table = schema.schema.createTable(name);
      return kind === 'sqlite' ? table.modifyEnd(sql.raw(name === 'task_logs' ? 'strict, without rowid' : 'strict')) : table;
    };
    for (const table of createTables(create, kind)) await table.execute();
    for (const statement of [...indexes, ...guards[kind]]) await sql.raw(statement).execute(schema);
  },
});
