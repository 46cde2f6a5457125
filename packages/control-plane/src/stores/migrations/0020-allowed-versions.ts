import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** An admin's word that a version may be used although its files are suspicious. */
export const allowedVersions: Migration = {
  async up({ schema }: Kysely<unknown>) {
    await schema.alterTable('versions').addColumn('allowed_json', 'text').execute();
  },
};
