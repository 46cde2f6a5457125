import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { Database } from '../database.ts';

/** Service accounts beside people, what models and how much each may use, and how much was used. */
export const quotas = (kind: Database['kind']): Migration => ({
  async up({ schema }: Kysely<unknown>) {
    const int = kind === 'sqlite' ? sql`integer` : sql`bigint`;
    await schema
      .alterTable('people')
      .addColumn('kind', 'text', (column) => column.notNull().defaultTo('person'))
      .execute();
    await schema.alterTable('people').addColumn('models_json', 'text').execute();
    await schema
      .alterTable('people')
      .addColumn('limits_json', 'text', (column) => column.notNull().defaultTo('{}'))
      .execute();
    const table = schema
      .createTable('usage_counters')
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('period', 'text', (column) => column.notNull())
      .addColumn('requests', int, (column) => column.notNull())
      .addColumn('tokens', int, (column) => column.notNull())
      .addPrimaryKeyConstraint('usage_counters_key', ['subject', 'period']);
    await (kind === 'sqlite' ? table.modifyEnd(sql`strict`) : table).execute();
    await schema.createIndex('usage_counters_by_period').on('usage_counters').columns(['period']).execute();
  },
});
