import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** The notices that there were, as English sentences. */
const codes = {
  'This is a very small demonstration model. Add a larger one for real work.': 'model_is_a_demonstration',
  'No model runs here: the fake engine plays a script. A tool for tests and demos.': 'model_is_a_script',
} as const;

/** What a person must know before using a version is kept by its codes, so that it can be said in any language. */
export const noticesByCode: Migration = {
  async up(schema: Kysely<unknown>) {
    const { schema: tables } = schema;
    await tables
      .alterTable('versions')
      .addColumn('notices_json', 'text', (column) => column.notNull().defaultTo('[]'))
      .execute();
    const versions = schema.withTables<{ versions: { notice: string; notices_json: string } }>();
    for (const [notice, code] of Object.entries(codes))
      await versions
        .updateTable('versions')
        .set({ notices_json: JSON.stringify([{ code }]) })
        .where('notice', '=', notice)
        .execute();
    await tables.alterTable('versions').dropColumn('notice').execute();
  },
};
