import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

/** What a thread is started with. */
export interface SqliteWorkerData {
  readonly file: string;
  /** How long to wait for another process that writes. */
  readonly busyTimeoutMs: number;
}

/** The writer's transaction is not seen by the reader before it has committed, and the reader can change nothing. */
export type SqliteConnection = 'writer' | 'reader';

export interface SqliteWorkerRequest {
  readonly id: number;
  readonly connection: SqliteConnection;
  readonly sql: string;
  readonly parameters: readonly SQLInputValue[];
}

export interface SqliteFailure {
  readonly message: string;
  /** SQLite's extended result code. */
  readonly resultCode: number | undefined;
}

export type SqliteWorkerAnswer =
  | { readonly id: number; readonly rows: readonly Record<string, unknown>[]; readonly changes: number }
  | { readonly id: number; readonly failure: SqliteFailure };

const KEPT_STATEMENTS = 256;

function openFile(connection: SqliteConnection, { file, busyTimeoutMs }: SqliteWorkerData): DatabaseSync {
  const database = new DatabaseSync(file, { readOnly: connection === 'reader', timeout: busyTimeoutMs, defensive: true });
  // what is deleted is overwritten: somebody may have asked to be forgotten
  if (connection === 'writer')
    database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma journal_size_limit = 67108864; pragma secure_delete = on;');
  return database;
}

/** Prepared statements by their text, the least recently used one forgotten first. */
function createStatementCache(database: DatabaseSync) {
  const statements = new Map<string, StatementSync>();
  return (sql: string): StatementSync => {
    const statement = statements.get(sql) ?? database.prepare(sql);
    statements.delete(sql);
    statements.set(sql, statement);
    const oldest = statements.size > KEPT_STATEMENTS ? statements.keys().next().value : undefined;
    if (oldest !== undefined) statements.delete(oldest);
    return statement;
  };
}

function toFailure(error: unknown): SqliteFailure {
  const resultCode = error instanceof Error && 'errcode' in error ? Number(error.errcode) : undefined;
  return { message: error instanceof Error ? error.message : String(error), resultCode };
}

function serve(database: DatabaseSync) {
  const prepare = createStatementCache(database);
  return ({ id, sql, parameters }: SqliteWorkerRequest): SqliteWorkerAnswer => {
    // a full disk has rolled back already: saying it again would hide the first error behind a second one
    if (sql === 'rollback' && !database.isTransaction) return { id, rows: [], changes: 0 };
    const statement = prepare(sql);
    if (statement.columns().length > 0) {
      const rows = statement.all(...parameters);
      return { id, rows, changes: rows.length };
    }
    return { id, rows: [], changes: Number(statement.run(...parameters).changes) };
  };
}

/** Connections are opened by their first use. */
function createConnections(data: SqliteWorkerData) {
  const opened = new Map<SqliteConnection, { readonly database: DatabaseSync; readonly handle: ReturnType<typeof serve> }>();
  return {
    get(connection: SqliteConnection) {
      const known = opened.get(connection);
      if (known) return known.handle;
      const database = openFile(connection, data);
      const handle = serve(database);
      opened.set(connection, { database, handle });
      return handle;
    },
    /** The writer last: only that can bring the journal, with all that was erased since, into the file and remove it. */
    close() {
      for (const connection of ['reader', 'writer'] as const) opened.get(connection)?.database.close();
    },
  };
}

function answer(request: SqliteWorkerRequest): SqliteWorkerAnswer {
  try {
    return connections.get(request.connection)(request);
  } catch (error) {
    return { id: request.id, failure: toFailure(error) };
  }
}

const connections = createConnections(workerData as SqliteWorkerData);
parentPort?.on('message', (message: SqliteWorkerRequest | 'close') => {
  if (message !== 'close') return parentPort?.postMessage(answer(message));
  connections.close();
  parentPort?.close();
});
