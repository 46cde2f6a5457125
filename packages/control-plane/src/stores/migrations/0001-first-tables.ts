import { type CreateTableBuilder, type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Database } from '../database.ts';

// a migration knows the schema only as it was at its time, never the table types of today
type Schema = Kysely<unknown>;
type Table = CreateTableBuilder<string, string>;

const typesOf = (kind: Database['kind']) => ({
  int: kind === 'sqlite' ? sql`integer` : sql`bigint`,
  bytes: kind === 'sqlite' ? sql`blob` : sql`bytea`,
});
type Types = ReturnType<typeof typesOf>;

function addRegistry(create: (name: string) => Table, { int, bytes }: Types): Table[] {
  return [
    create('models')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('name_lower', 'text', (column) => column.notNull().unique())
      .addColumn('display_name', 'text', (column) => column.notNull())
      .addColumn('namespace', 'text', (column) => column.notNull())
      .addColumn('description', 'text', (column) => column.notNull())
      .addColumn('metadata_json', 'text', (column) => column.notNull())
      .addColumn('last_seq', int, (column) => column.notNull())
      .addColumn('created_at', int, (column) => column.notNull())
      .addColumn('updated_at', int, (column) => column.notNull())
      .addColumn('revision', int, (column) => column.notNull()),
    create('versions')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('model_id', 'text', (column) => column.notNull().references('models.id').onDelete('cascade'))
      .addColumn('seq', int, (column) => column.notNull())
      .addColumn('semver', 'text')
      .addColumn('manifest_digest', 'text', (column) => column.notNull())
      .addColumn('manifest_bytes', bytes, (column) => column.notNull())
      .addColumn('source', 'text', (column) => column.notNull())
      .addColumn('facts_json', 'text', (column) => column.notNull())
      .addColumn('notice', 'text', (column) => column.notNull())
      .addColumn('created_at', int, (column) => column.notNull())
      .addColumn('size_bytes', int, (column) => column.notNull())
      .addUniqueConstraint('versions_by_seq', ['model_id', 'seq'])
      .addUniqueConstraint('versions_by_semver', ['model_id', 'semver']),
    create('blobs')
      .addColumn('digest', 'text', (column) => column.primaryKey())
      .addColumn('size_bytes', int, (column) => column.notNull())
      .addColumn('location', 'text', (column) => column.notNull().check(sql`location in ('store', 'in_place')`))
      .addColumn('path', 'text', (column) => column.notNull())
      .addColumn('created_at', int, (column) => column.notNull())
      .addColumn('verified_at', int, (column) => column.notNull())
      .addColumn('identity', 'text', (column) => column.notNull()),
    create('files')
      .addColumn('version_id', 'text', (column) => column.notNull().references('versions.id').onDelete('cascade'))
      .addColumn('path', 'text', (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull().references('blobs.digest'))
      .addColumn('size_bytes', int, (column) => column.notNull())
      .addColumn('media_type', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('files_key', ['version_id', 'path']),
    create('aliases')
      .addColumn('model_id', 'text', (column) => column.notNull().references('models.id').onDelete('cascade'))
      .addColumn('alias', 'text', (column) => column.notNull())
      .addColumn('alias_lower', 'text', (column) => column.notNull())
      .addColumn('version_id', 'text', (column) => column.notNull().references('versions.id').onDelete('cascade'))
      .addColumn('is_protected', int, (column) => column.notNull())
      .addColumn('updated_at', int, (column) => column.notNull())
      .addColumn('revision', int, (column) => column.notNull())
      .addPrimaryKeyConstraint('aliases_key', ['model_id', 'alias_lower']),
    create('tags')
      .addColumn('version_id', 'text', (column) => column.notNull().references('versions.id').onDelete('cascade'))
      .addColumn('key', 'text', (column) => column.notNull())
      .addColumn('value', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('tags_key', ['version_id', 'key']),
    create('door_names')
      .addColumn('door', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('model_id', 'text', (column) => column.notNull().references('models.id').onDelete('cascade'))
      .addPrimaryKeyConstraint('door_names_key', ['door', 'name']),
  ];
}

function addNodes(create: (name: string) => Table, { int }: Types): Table[] {
  return [
    create('nodes')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('joined_at', int, (column) => column.notNull())
      .addColumn('certificate_serial', 'text', (column) => column.notNull())
      .addColumn('certificate_expires_at', int, (column) => column.notNull())
      .addColumn('last_seen_at', int)
      .addColumn('removed_at', int)
      .addColumn('is_local', int, (column) => column.notNull())
      .addColumn('facts_json', 'text', (column) => column.notNull())
      .addColumn('revision', int, (column) => column.notNull()),
    create('join_tokens')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('secret_hash', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('created_at', int, (column) => column.notNull())
      .addColumn('expires_at', int, (column) => column.notNull())
      .addColumn('used_at', int)
      .addColumn('node_id', 'text')
      .addColumn('is_local', int, (column) => column.notNull()),
  ];
}

function addChats(create: (name: string) => Table, { int }: Types): Table[] {
  return [
    create('chats')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('title', 'text', (column) => column.notNull())
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('created_at', int, (column) => column.notNull())
      .addColumn('updated_at', int, (column) => column.notNull())
      .addColumn('head_id', 'text')
      .addColumn('is_pinned', int, (column) => column.notNull()),
    create('chat_messages')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('chat_id', 'text', (column) => column.notNull().references('chats.id').onDelete('cascade'))
      .addColumn('parent_id', 'text')
      .addColumn('role', 'text', (column) => column.notNull())
      .addColumn('content', 'text', (column) => column.notNull())
      .addColumn('created_at', int, (column) => column.notNull())
      .addColumn('is_complete', int, (column) => column.notNull())
      .addColumn('answer_json', 'text'),
  ];
}

function addWishes(create: (name: string) => Table, { int }: Types): Table[] {
  return [
    create('deployments')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('reference', 'text', (column) => column.notNull())
      .addColumn('replicas', int, (column) => column.notNull())
      .addColumn('node_selector_json', 'text', (column) => column.notNull())
      .addColumn('options_json', 'text', (column) => column.notNull())
      .addColumn('keep_alive_seconds', int, (column) => column.notNull())
      .addColumn('origin', 'text', (column) => column.notNull().check(sql`origin in ('config', 'implicit', 'user')`))
      .addColumn('created_at', int, (column) => column.notNull())
      .addColumn('revision', int, (column) => column.notNull()),
    create('settings')
      .addColumn('key', 'text', (column) => column.primaryKey())
      .addColumn('value_json', 'text', (column) => column.notNull())
      .addColumn('updated_at', int, (column) => column.notNull())
      .addColumn('revision', int, (column) => column.notNull()),
  ];
}

const indexes = [
  ['versions_by_manifest', 'versions', ['manifest_digest']],
  ['files_by_digest', 'files', ['digest']],
  ['aliases_by_version', 'aliases', ['version_id']],
  ['door_names_by_model', 'door_names', ['model_id']],
  ['chats_by_update', 'chats', ['updated_at']],
  ['chat_messages_by_chat', 'chat_messages', ['chat_id']],
  ['deployments_by_reference', 'deployments', ['reference']],
] as const;

export const firstTables = (kind: Database['kind']): Migration => ({
  async up(schema: Schema) {
    const types = typesOf(kind);
    const create = (name: string): Table => {
      const table = schema.schema.createTable(name);
      return kind === 'sqlite' ? table.modifyEnd(sql`strict`) : table; // strict: SQLite checks types as PostgreSQL does
    };
    const tables = [addRegistry, addNodes, addChats, addWishes].flatMap((add) => add(create, types));
    for (const table of tables) await table.execute();
    for (const [name, table, columns] of indexes)
      await schema.schema
        .createIndex(name)
        .on(table)
        .columns([...columns])
        .execute();
  },
});
