import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

/** What a thread is started with. */
export interface SqliteWorkerData {
  readonly file: string;
  readonly isReadOnly: boolean;
  /** How long to wait for another process that writes. */
  readonly busyTimeoutMs: number;
}

export interface SqliteWorkerRequest {
  readonly id: number;
  readonly sql: string;
  readonly parameters: readonly SQLInputValue[];
}

export interface SqliteFailure {
  readonly message: string;
  /** SQLite's extended result code. */
  readonly resultCode: number | undefined;
}

/** The answer to a request, or with the id 0 that the database is open. */
export type SqliteWorkerAnswer =
  | { readonly id: number; readonly rows: readonly Record<string, unknown>[]; readonly changes: number }
  | { readonly id: number; readonly failure: SqliteFailure };

const KEPT_STATEMENTS = 256;

function openFile({ file, isReadOnly, busyTimeoutMs }: SqliteWorkerData): DatabaseSync {
  const database = new DatabaseSync(file, { readOnly: isReadOnly, timeout: busyTimeoutMs, defensive: true });
  if (!isReadOnly) database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma journal_size_limit = 67108864;');
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

function answer(id: number, work: () => SqliteWorkerAnswer): void {
  try {
    parentPort?.postMessage(work());
  } catch (error) {
    parentPort?.postMessage({ id, failure: toFailure(error) } satisfies SqliteWorkerAnswer);
  }
}

answer(0, () => {
  const database = openFile(workerData as SqliteWorkerData);
  const handle = serve(database);
  parentPort?.on('message', (message: SqliteWorkerRequest | 'close') => {
    if (message !== 'close') return answer(message.id, () => handle(message));
    database.close();
    parentPort?.close();
  });
  return { id: 0, rows: [], changes: 0 };
});
