import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ClusterError } from '@cluster-ai/contracts';
import { errnoOf, type Logger } from '@cluster-ai/runtime';
import { Kysely } from 'kysely';
import type { Database, Query } from '../database.ts';
import { refuseNesting } from '../refuse-nesting.ts';
import type { Tables } from '../tables.ts';
import { createTurns } from '../turns.ts';
import { createSqliteDialect } from './sqlite-dialect.ts';
import { openSqliteThread, type SqliteThread } from './sqlite-thread.ts';

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

/** A connection that is opened again after its thread crashed. */
function createReopening(open: () => Promise<SqliteThread>) {
  let thread: Promise<SqliteThread> | undefined;
  return {
    async get(): Promise<SqliteThread> {
      const current = await thread?.catch(() => undefined);
      if (current?.isAlive === true) return current;
      thread = open();
      return thread;
    },
    async close(): Promise<void> {
      const current = await thread?.catch(() => undefined);
      if (current?.isAlive === true) await current.close();
    },
  };
}

/**
 * SQLite in write-ahead mode: one thread writes, one transaction after the other, and another one reads meanwhile what was committed.
 * The file's schema is not touched: see migrations.
 */
export async function openSqlite(file: string, log: Logger, { busyTimeoutMs = BUSY_TIMEOUT_MS } = {}): Promise<Database> {
  await makePrivateFile(file);
  const openThread = (isReadOnly: boolean) => openSqliteThread({ file, isReadOnly, busyTimeoutMs }, log);
  const writer = createReopening(() => openThread(false));
  const reader = createReopening(() => openThread(true));
  await writer.get(); // first: it makes the file a database, which a reader cannot
  await reader.get();

  const turns = createTurns();
  const createWriting = (synchronous: 'full' | 'normal'): Query => {
    let giveUpTurn = () => {};
    return new Kysely<Tables>({
      dialect: createSqliteDialect({
        async acquire() {
          const done = await turns.take();
          giveUpTurn = done;
          return writer.get().catch((error: unknown) => {
            done();
            throw error;
          });
        },
        release: () => giveUpTurn(),
        async begin(thread) {
          await thread.run(`pragma synchronous = ${synchronous}`); // not possible once the transaction has begun
          await thread.run('begin immediate');
        },
      }),
    });
  };
  const writing = { full: createWriting('full'), normal: createWriting('normal') };
  const query = new Kysely<Tables>({
    dialect: createSqliteDialect({
      acquire: () => reader.get(),
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
      const own = await openThread(true); // the other reader must not be kept from answering
      try {
        await own.run('vacuum into ?', [join(folder, SNAPSHOT_NAME)]);
        onTaken?.();
        return [SNAPSHOT_NAME];
      } finally {
        await own.close();
      }
    },
    [Symbol.asyncDispose]: async () => {
      await reader.close();
      const done = await turns.take(); // a transaction under way still ends well
      await writer.close();
      done();
    },
  };
}
