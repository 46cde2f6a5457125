import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ClusterError } from '@cluster-ai/contracts';
import { errnoOf, type Logger } from '@cluster-ai/runtime';
import { Kysely } from 'kysely';
import type { Database, Query } from '../database.ts';
import { refuseNesting } from '../refuse-nesting.ts';
import { type Tables, unarchivedTables } from '../tables.ts';
import { createTurns } from '../turns.ts';
import { createSqliteDialect } from './sqlite-dialect.ts';
import { type SqliteThread, startSqliteThread } from './sqlite-thread.ts';

const BUSY_TIMEOUT_MS = 5000;
const SNAPSHOT_NAME = 'cluster.db';

/** SQLite gives its side files the permissions of the database, so it is made before SQLite sees it. */
async function makePrivateFile(file: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await (await open(file, 'a', 0o600)).close();
  } catch (error) {
    const code = errnoOf(error) === 'ENOSPC' ? 'disk_full' : 'data_folder_unwritable';
    throw new ClusterError(code, `The database ${file} cannot be written (${errnoOf(error) ?? 'unknown'}).`, {
      hint: 'Check the space on that disk and the permissions of that folder.',
      cause: error,
    });
  }
}

/** A thread that is started again after it crashed. */
function keepThread(start: () => SqliteThread) {
  let thread = start();
  return {
    get(): SqliteThread {
      if (!thread.isAlive) thread = start();
      return thread;
    },
    close: async () => {
      if (thread.isAlive) await thread.close();
    },
  };
}

/** The writing connection overwrites what it deletes, so that nothing of these rows is left in the copy. */
async function emptyUnarchived(copy: SqliteThread): Promise<void> {
  try {
    for (const table of unarchivedTables) await copy.run('writer', `delete from ${table}`);
  } finally {
    await copy.close();
  }
}

/**
 * SQLite in write-ahead mode, in one thread with two connections: one writes, one transaction after the other, and the other one reads
 * meanwhile what was committed. The file's schema is not touched: see migrations.
 */
export async function openSqlite(file: string, log: Logger, { busyTimeoutMs = BUSY_TIMEOUT_MS } = {}): Promise<Database> {
  await makePrivateFile(file);
  const start = (path = file) => startSqliteThread({ file: path, busyTimeoutMs }, log);
  const thread = keepThread(start);
  try {
    await thread.get().run('writer', 'pragma user_version'); // first: it makes the file a database, which the reader cannot
    await thread.get().run('reader', 'pragma user_version');
  } catch (error) {
    await thread.close();
    throw error;
  }

  const turns = createTurns();
  const createWriting = (synchronous: 'full' | 'normal'): Query => {
    let giveUpTurn = () => {};
    return new Kysely<Tables>({
      dialect: createSqliteDialect({
        connection: 'writer',
        async acquire() {
          giveUpTurn = await turns.take();
          return thread.get();
        },
        release: () => giveUpTurn(),
        async begin(writer) {
          await writer.run('writer', `pragma synchronous = ${synchronous}`); // not possible once the transaction has begun
          await writer.run('writer', 'begin immediate');
        },
      }),
    });
  };
  const writing = { full: createWriting('full'), normal: createWriting('normal') };
  const query = new Kysely<Tables>({
    dialect: createSqliteDialect({
      connection: 'reader',
      acquire: async () => thread.get(),
      release: () => {},
      begin: async () => {
        throw new Error('Use `database.transaction`: reads share one connection.');
      },
    }),
  });
  return {
    kind: 'sqlite',
    query,
    transaction: refuseNesting((work, { durability = 'full' } = {}) => writing[durability].transaction().execute(work)),
    async snapshot(folder, onTaken) {
      const own = start(); // the other thread must not be kept from answering
      try {
        await own.run('reader', 'vacuum into ?', [join(folder, SNAPSHOT_NAME)]);
        onTaken?.();
      } finally {
        await own.close();
      }
      await emptyUnarchived(start(join(folder, SNAPSHOT_NAME)));
      return [SNAPSHOT_NAME];
    },
    async scrub() {
      const done = await turns.take(); // within a transaction it could not be done
      try {
        await thread.get().run('writer', 'pragma wal_checkpoint(truncate)');
      } finally {
        done();
      }
    },
    [Symbol.asyncDispose]: async () => {
      const done = await turns.take(); // a transaction under way still ends well
      await thread.close();
      done();
    },
  };
}
