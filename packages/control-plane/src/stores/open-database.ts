import { ClusterError } from '@cluster-ai/contracts';
import type { DataFolder, Logger } from '@cluster-ai/runtime';
import type { Database } from './database.ts';
import { migrate } from './migrations/migrate.ts';
import { openPostgres } from './postgres/open-postgres.ts';
import { openSqlite } from './sqlite/open-sqlite.ts';

export interface OpenDatabaseOptions {
  /** `database` of the configuration: empty for SQLite in the data folder, or `postgres://…`. */
  readonly url: string;
  readonly folder: Pick<DataFolder, 'database'>;
  readonly log: Logger;
}

function open({ url, folder, log }: OpenDatabaseOptions): Promise<Database> {
  if (url === '') return openSqlite(folder.database, log);
  if (/^postgres(ql)?:\/\//.test(url)) return openPostgres(url, log);
  throw new ClusterError('config_invalid', 'The value of `database` names no database that Cluster AI knows.', {
    hint: 'Leave it empty for SQLite in the data folder, or write postgres://user@host/name.',
  });
}

/**
 * Opens the cluster's state and brings its schema up to date. Throws `data_folder_unwritable`, `disk_full`, `database_unavailable`,
 * `database_newer`, `database_damaged` or `config_invalid`.
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<Database> {
  const database = await open(options);
  try {
    await migrate(database, options.log);
    return database;
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}
