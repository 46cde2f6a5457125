import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { SqliteThread } from './sqlite-thread.ts';
import type { SqliteConnection } from './sqlite-worker.ts';

/** Where a driver gets its thread from, which connection of it is used, and what begins a transaction. */
export interface SqliteConnections {
  readonly connection: SqliteConnection;
  acquire(): Promise<SqliteThread>;
  release(): void;
  begin(thread: SqliteThread): Promise<void>;
}

class ThreadConnection implements DatabaseConnection {
  readonly thread: SqliteThread;
  readonly #connection: SqliteConnection;

  constructor(thread: SqliteThread, connection: SqliteConnection) {
    this.thread = thread;
    this.#connection = connection;
  }

  run(sql: string, parameters?: readonly unknown[]) {
    return this.thread.run(this.#connection, sql, parameters);
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, changes } = await this.run(sql, parameters);
    return { rows: rows as R[], numAffectedRows: BigInt(changes) };
  }

  /** One chunk with everything: the rows have crossed the border of the thread anyway. */
  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query);
  }
}

function createDriver({ connection: kind, acquire, release, begin }: SqliteConnections): Driver {
  const run = async (connection: DatabaseConnection, sql: string) => {
    if (connection instanceof ThreadConnection) await connection.run(sql);
  };
  return {
    init: async () => {},
    acquireConnection: async () => new ThreadConnection(await acquire(), kind),
    beginTransaction: async (connection) => {
      if (connection instanceof ThreadConnection) await begin(connection.thread);
    },
    commitTransaction: (connection) => run(connection, 'commit'),
    rollbackTransaction: (connection) => run(connection, 'rollback'),
    releaseConnection: async () => release(),
    destroy: async () => {}, // whoever opened the threads closes them
  };
}

/** SQLite can undo changes of the schema; Kysely's own adapter does not say so. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

export function createSqliteDialect(connections: SqliteConnections): Dialect {
  return {
    createDriver: () => createDriver(connections),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new TransactionalSqliteAdapter(),
    createIntrospector: (database: Kysely<unknown>) => new SqliteIntrospector(database),
  };
}
