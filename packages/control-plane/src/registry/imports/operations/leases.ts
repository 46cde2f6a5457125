import type { Clock } from '@cluster-ai/runtime';
import type { Database, Query } from '../../../stores/database.ts';

export interface Lease {
  readonly holder: string;
  /** Grows with each heartbeat. */
  readonly revision: number;
}

export interface LeasesDependencies {
  readonly database: Database;
  /** This control plane, and the one that was here before it. */
  readonly holder: string;
  readonly clock: Pick<Clock, 'now'>;
}

const keyOf = (id: string) => `operation.lease.${id}`;

/**
 * Which of several control planes on one database works on an operation. Whether a holder lives is told by its heartbeats alone, counted and
 * never compared by time: clocks of machines differ.
 */
export function createLeases({ database, holder, clock }: LeasesDependencies) {
  const find = async (query: Query, id: string): Promise<Lease | undefined> => {
    const row = await query.selectFrom('settings').select(['value_json', 'revision']).where('key', '=', keyOf(id)).executeTakeFirst();
    return row && { holder: JSON.parse(row.value_json) as string, revision: row.revision };
  };
  const holds = async (query: Query, id: string) => (await find(query, id))?.holder === holder;

  async function write(transaction: Query, id: string, revision: number): Promise<void> {
    const row = { value_json: JSON.stringify(holder), updated_at: clock.now(), revision };
    await transaction
      .insertInto('settings')
      .values({ key: keyOf(id), ...row })
      .onConflict((conflict) => conflict.column('key').doUpdateSet(row))
      .execute();
  }

  return {
    find: (id: string) => find(database.query, id),
    holds,
    /** Of an operation that nobody else can know yet. */
    open: (transaction: Query, id: string) => write(transaction, id, 1),
    /** Takes it over from whoever held it when `seen` was read. False: its holder lives, or somebody else was faster. */
    take: (id: string, seen: Lease | undefined): Promise<boolean> =>
      database.transaction(async (transaction) => {
        const current = await find(transaction, id);
        if (current?.revision !== seen?.revision) return false;
        await write(transaction, id, (current?.revision ?? 0) + 1);
        return true;
      }),
    /** The heartbeat. False: it was taken over. */
    renew: (id: string): Promise<boolean> =>
      database.transaction(
        async (transaction) => {
          const current = await find(transaction, id);
          if (current?.holder !== holder) return false;
          await write(transaction, id, current.revision + 1);
          return true;
        },
        { durability: 'normal' },
      ),
    async release(transaction: Query, id: string): Promise<void> {
      if (await holds(transaction, id)) await transaction.deleteFrom('settings').where('key', '=', keyOf(id)).execute();
    },
  };
}
export type Leases = ReturnType<typeof createLeases>;
