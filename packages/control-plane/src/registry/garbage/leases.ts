import { ClusterError } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { Database, Query } from '../../stores/database.ts';

/** Whoever is about to link a blob holds it meanwhile: a blob with a live lease is never removed. */
export interface Leases {
  /** Holds it from now on for so long; again: for longer. Throws `blob_not_found` when it is not here (any more). */
  lease(digest: string, holder: string, forMs: number): Promise<void>;
  /** Ends all that this holder holds. */
  release(holder: string): Promise<void>;
}

/** As `lease`, inside of a transaction of the caller. */
export async function writeLease(transaction: Query, digest: string, holder: string, expiresAt: number): Promise<void> {
  const row = { digest, holder, expires_at: expiresAt };
  await transaction
    .insertInto('blob_leases')
    .values(row)
    .onConflict((conflict) => conflict.columns(['digest', 'holder']).doUpdateSet(row))
    .execute();
}

export function createLeases({ database, clock }: { readonly database: Database; readonly clock: Pick<Clock, 'now'> }): Leases {
  return {
    async lease(digest, holder, forMs) {
      await database.transaction(async (transaction) => {
        const found = await transaction.selectFrom('blobs').select('digest').where('digest', '=', digest).executeTakeFirst();
        if (!found) throw new ClusterError('blob_not_found', `There is no blob ${digest.slice(0, 80)}.`, { hint: 'Upload it again.' });
        await writeLease(transaction, digest, holder, clock.now() + forMs);
      });
    },
    async release(holder) {
      await database.transaction((transaction) => transaction.deleteFrom('blob_leases').where('holder', '=', holder).execute());
    },
  };
}
