import { ClusterError } from '@cluster-ai/contracts';
import type { Logger } from '@cluster-ai/runtime';
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient, sql } from 'kysely';
import { Pool, type PoolClient, types } from 'pg';
import type { Database } from '../database.ts';
import { refuseNesting } from '../refuse-nesting.ts';
import type { Tables } from '../tables.ts';
import { createTurns } from '../turns.ts';
import { exportTables } from './export-tables.ts';
import { toPostgresError } from './postgres-errors.ts';

const CONNECT_TIMEOUT_MS = 5000;
const STUCK_TRANSACTION_MS = 30_000;
const LOCK_TIMEOUT_MS = 10_000;
/** Any number, the same in every control plane. */
const WRITERS_LOCK = 7_311_804_211_903;

function toSafeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`The database holds ${text}, which is too large for a number.`);
  return value;
}

const int8 = 20;
const customTypes = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === int8 && format !== 'binary' ? toSafeNumber : types.getTypeParser(oid, format as 'text')) as typeof types.getTypeParser,
};

/** Host and database for messages; a URL may hold a password. */
function describeAddress(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed)
    throw new ClusterError('config_invalid', 'The value of `database` is not a URL.', { hint: 'Write postgres://user@host/name.' });
  return `${parsed.searchParams.get('host') ?? parsed.host}${parsed.pathname}`;
}

/** The pool as Kysely sees it, with errors in our words. */
function translateErrors(pool: Pool, where: string): PostgresPool {
  const known = new WeakMap<PoolClient, PostgresPoolClient>();
  const translate = (error: unknown): never => {
    throw toPostgresError(error, where);
  };
  const wrap = (client: PoolClient): PostgresPoolClient => {
    // Kysely's other form of `query`, with a cursor, is used only when a cursor class is configured
    const query = (text: string, parameters: unknown[]) => client.query(text, parameters).catch(translate);
    const wrapped = { query, release: (destroy?: boolean) => client.release(destroy) } as unknown as PostgresPoolClient;
    known.set(client, wrapped);
    return wrapped;
  };
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect().catch(translate);
      return known.get(client) ?? wrap(client);
    },
  };
}

/**
 * PostgreSQL, as strict as our SQLite: outside of a transaction nothing can be changed, and transactions that write come one after the
 * other, in all control planes together (an advisory lock), so that both databases behave alike under every race.
 */
export async function openPostgres(url: string, log: Logger): Promise<Database> {
  const where = describeAddress(url);
  const pool = new Pool({
    connectionString: url,
    max: 8,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'cluster-ai',
    // no helpers for one query: we read pages, of which they read twice as much, and they take the processor from other requests
    options: `-c default_transaction_read_only=on -c max_parallel_workers_per_gather=0 -c idle_in_transaction_session_timeout=${STUCK_TRANSACTION_MS} -c lock_timeout=${LOCK_TIMEOUT_MS}`,
    types: customTypes,
  });
  const onLost = (error: Error) => log.warn({ database: where, error: error.message }, 'A database connection was lost');
  pool.on('error', onLost);
  pool.on('connect', (client) => client.on('error', onLost)); // one that is in use tells nobody else: unheard, it would end the process
  const query = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: translateErrors(pool, where) }) });
  const turns = createTurns();
  const database: Database = {
    kind: 'postgres',
    query,
    transaction: refuseNesting(async (work, { durability = 'full' } = {}) => {
      const done = await turns.take(); // waiting here rather than in the database keeps its connections free for reads
      try {
        return await query
          .transaction()
          .setAccessMode('read write')
          .execute(async (transaction) => {
            await sql`select pg_advisory_xact_lock(${sql.lit(WRITERS_LOCK)})`.execute(transaction);
            if (durability === 'normal') await sql`set local synchronous_commit = off`.execute(transaction);
            return work(transaction);
          });
      } finally {
        done();
      }
    }),
    snapshot: (folder, onTaken) =>
      query
        .transaction()
        .setAccessMode('read only')
        .setIsolationLevel('repeatable read')
        .execute(async (transaction) => {
          await sql`select 1`.execute(transaction); // the first statement takes the snapshot
          onTaken?.();
          return exportTables(transaction, folder);
        }),
    scrub: async () => {}, // its own log and old rows are its administrator's
    [Symbol.asyncDispose]: async () => {
      const done = await turns.take();
      await query.destroy();
      done();
    },
  };
  await sql`select 1`.execute(query).catch(async (error: unknown) => {
    await query.destroy();
    throw error;
  });
  return database;
}
