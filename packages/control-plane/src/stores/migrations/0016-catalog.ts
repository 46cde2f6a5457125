import { type CreateTableBuilder, type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Database } from '../database.ts';

type Schema = Kysely<unknown>;
type Table = CreateTableBuilder<string, string>;

function createTables(create: (name: string) => Table, kind: Database['kind']): readonly Table[] {
  const int = kind === 'sqlite' ? sql`integer` : sql`bigint`;
  return [
    create('alias_moves')
      .addColumn('model_id', 'text', (column) => column.notNull().references('models.id').onDelete('cascade'))
      .addColumn('alias_lower', 'text', (column) => column.notNull())
      .addColumn('sequence', int, (column) => column.notNull())
      .addColumn('at', int, (column) => column.notNull())
      .addColumn('from_seq', int)
      .addColumn('to_seq', int)
      .addColumn('kind', 'text', (column) => column.notNull().check(sql`kind in ('move', 'rollback', 'remove')`))
      .addColumn('actor', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('alias_moves_key', ['model_id', 'alias_lower', 'sequence']),
    create('catalog_entries')
      .addColumn('number', int, (column) => column.primaryKey())
      .addColumn('model_id', 'text', (column) => column.notNull().unique().references('models.id').onDelete('cascade'))
      .addColumn('name_lower', 'text', (column) => column.notNull())
      .addColumn('namespace', 'text', (column) => column.notNull())
      .addColumn('framework', 'text', (column) => column.notNull())
      .addColumn('task', 'text', (column) => column.notNull())
      .addColumn('licence', 'text', (column) => column.notNull())
      .addColumn('size_class', 'text', (column) => column.notNull())
      .addColumn('size_bytes', int, (column) => column.notNull())
      .addColumn('updated_at', int, (column) => column.notNull()),
    create('catalog_summaries')
      .addColumn('number', int, (column) => column.primaryKey().references('catalog_entries.number').onDelete('cascade'))
      .addColumn('summary_json', 'text', (column) => column.notNull()),
    create('catalog_words')
      .addColumn('word', 'text', (column) => column.notNull())
      .addColumn('number', int, (column) => column.notNull().references('catalog_entries.number').onDelete('cascade'))
      .addPrimaryKeyConstraint('catalog_words_key', ['word', 'number']),
    create('catalog_word_counts')
      .addColumn('word', 'text', (column) => column.primaryKey())
      .addColumn('models', int, (column) => column.notNull()),
  ];
}

/** What a search filters by lies in the index that it walks along, so that a row is looked at only when it is shown. */
const filtered = 'framework, task, licence, size_class, namespace';

const indexes = [
  `create index catalog_entries_by_update on catalog_entries (updated_at, number, ${filtered}, name_lower)`,
  `create index catalog_entries_by_name on catalog_entries (name_lower, number, ${filtered})`,
  `create index catalog_entries_by_size on catalog_entries (size_bytes, number, ${filtered}, name_lower)`,
  'create index catalog_words_by_number on catalog_words (number, word)',
];

/** Compared by their bytes, as SQLite does: prefixes are ranges of them, and both databases sort alike. */
const bytewise = [
  ['catalog_words', 'word'],
  ['catalog_word_counts', 'word'],
  ['catalog_entries', 'name_lower'],
] as const;

const message = 'a version of a model is never changed';
const fixedOfVersions = 'model_id, seq, semver, manifest_digest, manifest_bytes, source, framework, created_at, size_bytes';

/** A version is what it was published as, whoever writes. Rows of a whole model may go, and so does their version. */
const guards: Readonly<Record<Database['kind'], readonly string[]>> = {
  sqlite: [
    `create trigger versions_stay before update of ${fixedOfVersions} on versions begin select raise(abort, '${message}'); end`,
    `create trigger files_stay before update on files begin select raise(abort, '${message}'); end`,
  ],
  // 23514, a check that failed: what it is in our words as well
  postgres: [
    `create function versions_stay() returns trigger language plpgsql as $$ begin raise exception '${message}' using errcode = '23514'; end $$`,
    `create trigger versions_stay before update of ${fixedOfVersions} on versions for each row execute function versions_stay()`,
    'create trigger files_stay before update on files for each row execute function versions_stay()',
  ],
};

/** Versions of any framework with what is said of them, aliases with their history, and the tables that search reads. */
export const catalog = (kind: Database['kind']): Migration => ({
  async up(schema: Schema) {
    const create = (name: string): Table => {
      const table = schema.schema.createTable(name);
      return kind === 'sqlite' ? table.modifyEnd(sql.raw(name === 'catalog_words' ? 'strict, without rowid' : 'strict')) : table;
    };
    for (const table of createTables(create, kind)) await table.execute();
    if (kind === 'postgres')
      for (const [table, column] of bytewise)
        await sql.raw(`alter table ${table} alter column ${column} type text collate "C"`).execute(schema);
    const alter = () => schema.schema.alterTable('versions');
    await alter()
      .addColumn('framework', 'text', (column) => column.notNull().defaultTo('other'))
      .execute();
    await alter()
      .addColumn('metadata_json', 'text', (column) => column.notNull().defaultTo('{}'))
      .execute();
    await alter().addColumn('inspection_json', 'text').execute();
    await sql`update versions set framework = 'gguf' where facts_json like '%"format":"gguf"%'`.execute(schema);
    for (const statement of [...indexes, ...guards[kind]]) await sql.raw(statement).execute(schema);
  },
});
