import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** A chat carries how it wants to be answered: temperature, system prompt and so on. */
export const chatOptions: Migration = {
  async up(schema: Kysely<unknown>) {
    await schema.schema
      .alterTable('chats')
      .addColumn('options_json', 'text', (column) => column.notNull().defaultTo('{}'))
      .execute();
  },
};
