import { ClusterError } from '@cluster-ai/contracts';
import type { Query } from '../../stores/database.ts';
import type { AuditHeadRow } from '../../stores/tables.ts';
import { type ChainEnds, GENESIS, type Seals } from './seals.ts';

export const toEnds = (row: Omit<AuditHeadRow, 'id' | 'seal'>): ChainEnds => ({
  sequence: row.sequence,
  hash: row.hash,
  anchorSequence: row.anchor_sequence,
  anchorHash: row.anchor_hash,
});

const broken = (what: string) =>
  new ClusterError('audit_chain_broken', `The audit record was changed by somebody else: ${what}. Nothing is added to it.`, {
    hint: 'See what is wrong with `cluster-ai audit verify`; restore the newest backup from before it.',
  });

const first: ChainEnds = { sequence: 0, hash: GENESIS, anchorSequence: 0, anchorHash: GENESIS };

async function makeHead(transaction: Query): Promise<ChainEnds> {
  if (await transaction.selectFrom('audit_entries').select('sequence').limit(1).executeTakeFirst()) throw broken('its head is gone');
  await transaction
    .insertInto('audit_head')
    .values({ id: 1, sequence: 1, hash: GENESIS, anchor_sequence: 0, anchor_hash: GENESIS, seal: '' })
    .execute();
  return first;
}

/**
 * The ends as they were, with the next number taken: from here to the end of the transaction nobody else gets one, since the row is locked.
 * Ends without our seal are not built upon, or whoever changed them would have them sealed by us.
 */
export async function takeNextNumber(transaction: Query, seals: Seals): Promise<ChainEnds> {
  const taken = await transaction
    .updateTable('audit_head')
    .set((row) => ({ sequence: row('sequence', '+', 1) }))
    .returningAll()
    .executeTakeFirst();
  if (taken === undefined) return makeHead(transaction);
  const ends = { ...toEnds(taken), sequence: taken.sequence - 1 };
  if (seals.sealEnds(ends) !== taken.seal) throw broken('its head does not carry our seal');
  return ends;
}

export async function saveEnds(transaction: Query, seals: Seals, ends: ChainEnds): Promise<void> {
  await transaction
    .updateTable('audit_head')
    .set({
      sequence: ends.sequence,
      hash: ends.hash,
      anchor_sequence: ends.anchorSequence,
      anchor_hash: ends.anchorHash,
      seal: seals.sealEnds(ends),
    })
    .execute();
}
