import { ClusterError } from '@cluster-ai/contracts';
import type { Logger } from '@cluster-ai/runtime';
import { type Migration, Migrator } from 'kysely/migration';
import type { Database, Query } from '../database.ts';
import { firstTables } from './0001-first-tables.ts';
import { noticesByCode } from './0002-notices-by-code.ts';
import { keysAndOwners } from './0003-keys.ts';
import { auditTables } from './0004-audit.ts';
import { people } from './0005-people.ts';
import { secretTables } from './0006-secrets.ts';
import { nodeApproval } from './0007-node-approval.ts';
import { chatOptions } from './0008-chat-options.ts';
import { quotas } from './0009-quotas.ts';
import { auditNames } from './0010-privacy.ts';
import { externalIdentities } from './0011-oidc.ts';
import { sealedChats } from './0012-sealed-chats.ts';
import { uploads } from './0013-uploads.ts';
import { oidcStarts } from './0014-oidc-starts.ts';
import { imports } from './0015-imports.ts';
import { catalog } from './0016-catalog.ts';
import { tasks } from './0017-tasks.ts';
import { outbox } from './0019-outbox.ts';
import { allowedVersions } from './0020-allowed-versions.ts';

/** In this order, never changed once released: a change of the schema is a new entry. There is no way back but a backup. */
const migrationsOf = (kind: Database['kind']): Record<string, Migration> => ({
  '0001-first-tables': firstTables(kind),
  '0002-notices-by-code': noticesByCode,
  '0003-keys': keysAndOwners(kind),
  '0004-audit': auditTables(kind),
  '0005-people': people(kind),
  '0006-secrets': secretTables(kind),
  '0007-node-approval': nodeApproval(kind),
  '0008-chat-options': chatOptions,
  '0009-quotas': quotas(kind),
  '0010-privacy': auditNames(kind),
  '0011-oidc': externalIdentities(kind),
  '0012-sealed-chats': sealedChats(kind),
  '0013-uploads': uploads(kind),
  '0014-oidc-starts': oidcStarts(kind),
  '0015-imports': imports(kind),
  '0016-catalog': catalog(kind),
  '0017-tasks': tasks(kind),
  '0019-outbox': outbox(kind),
  '0020-allowed-versions': allowedVersions,
});

/** What this program can read. */
export const knownMigrations: readonly string[] = Object.keys(migrationsOf('sqlite'));

const HISTORY_TABLE = 'schema_migrations';

async function readHistory(query: Query): Promise<readonly string[]> {
  const tables = await query.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === HISTORY_TABLE)) return [];
  const rows = await query
    .withTables<{ [HISTORY_TABLE]: { name: string } }>()
    .selectFrom(HISTORY_TABLE)
    .select('name')
    .orderBy('name')
    .execute();
  return rows.map(({ name }) => name);
}

/** The names of the migrations that this database has had, oldest first. */
export const listMigrations = (database: Database) => readHistory(database.query);

/**
 * Brings the schema up to date in one transaction, or only up to the migration `until`. Refuses a database that a newer program has
 * changed with `database_newer`.
 */
export async function migrate(database: Database, log: Logger, until?: string): Promise<void> {
  const migrations = migrationsOf(database.kind);
  await database.transaction(async (transaction) => {
    const wanted = until === undefined ? [] : [until];
    const unknown = [...(await readHistory(transaction)), ...wanted].find((name) => !(name in migrations));
    if (unknown !== undefined)
      throw new ClusterError('database_newer', `The state was changed by a newer version of Cluster AI (${unknown}).`, {
        hint: 'Start that newer version, or restore a backup that was made before the update.',
      });
    const migrator = new Migrator({
      db: transaction,
      provider: { getMigrations: async () => migrations },
      migrationTableName: HISTORY_TABLE,
      migrationLockTableName: `${HISTORY_TABLE}_lock`,
    });
    const { error, results = [] } = await (until === undefined ? migrator.migrateToLatest() : migrator.migrateTo(until));
    if (error !== undefined) throw error;
    for (const { migrationName } of results) log.info({ migration: migrationName }, 'The database has a new schema');
  });
}
