import type { SQLInputValue } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { ClusterError } from '@cluster-ai/contracts';
import type { Logger } from '@cluster-ai/runtime';
import { threadFile } from '../thread-file.ts';
import { toSqliteError } from './sqlite-errors.ts';
import type { SqliteConnection, SqliteWorkerAnswer, SqliteWorkerData, SqliteWorkerRequest } from './sqlite-worker.ts';

export interface SqliteResult {
  readonly rows: readonly Record<string, unknown>[];
  readonly changes: number;
}

/** A database file in a thread of its own: `node:sqlite` is synchronous, and a commit waits for the disk. */
export interface SqliteThread {
  readonly isAlive: boolean;
  /** Runs in the order of the calls. Rejects with `database_unavailable` when the thread has ended. */
  run(connection: SqliteConnection, sql: string, parameters?: readonly unknown[]): Promise<SqliteResult>;
  /** Finishes what was asked before, then ends. */
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (result: SqliteResult) => void;
  readonly reject: (error: Error) => void;
}

const ended = (file: string, cause?: unknown) =>
  new ClusterError('database_unavailable', `The thread that serves the database ${file} has ended.`, {
    hint: 'Try again: it is started anew. The log has the details.',
    cause,
  });

/** Starts the thread. The file is opened by the first use of each connection. */
export function startSqliteThread(data: SqliteWorkerData, log: Logger): SqliteThread {
  const worker = new Worker(threadFile('sqlite-worker', import.meta.url), {
    workerData: data,
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 4 }, // rows pass through: what they leave behind is collected early instead of kept
  });
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let isAlive = true;

  const take = (id: number) => {
    const entry = waiting.get(id);
    waiting.delete(id);
    return entry;
  };
  const ask = (id: number) => new Promise<SqliteResult>((resolve, reject) => waiting.set(id, { resolve, reject }));
  const end = (cause?: unknown) => {
    isAlive = false;
    for (const id of [...waiting.keys()]) take(id)?.reject(ended(data.file, cause));
  };
  worker.on('message', (answer: SqliteWorkerAnswer) => {
    const entry = take(answer.id);
    if ('failure' in answer) entry?.reject(toSqliteError(answer.failure, data.file));
    else entry?.resolve(answer);
  });
  worker.on('error', (error) => {
    log.error({ file: data.file, error: error.message }, 'The database thread crashed');
    end(error);
  });
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', () => {
      end();
      resolve();
    });
  });

  return {
    get isAlive() {
      return isAlive;
    },
    async run(connection, sql, parameters = []) {
      if (!isAlive) throw ended(data.file);
      const id = ++lastId;
      const answer = ask(id);
      worker.postMessage({ id, connection, sql, parameters: parameters as readonly SQLInputValue[] } satisfies SqliteWorkerRequest);
      return answer;
    },
    async close() {
      worker.postMessage('close');
      await exited;
    },
  };
}
