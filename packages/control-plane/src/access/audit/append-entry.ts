import type { Query } from '../../stores/database.ts';
import { saveEnds, takeNextNumber } from './chain-ends.ts';
import { type EntryDraft, toRow } from './entry.ts';
import type { ChainEnds, Seals } from './seals.ts';

/** Adds an entry as a part of the transaction that it tells of. Throws `audit_chain_broken`, and then nothing of that transaction is kept. */
export async function appendEntry(transaction: Query, seals: Seals, draft: EntryDraft): Promise<ChainEnds> {
  const ends = await takeNextNumber(transaction, seals);
  const row = toRow(ends.sequence + 1, draft);
  const next = { ...ends, sequence: row.sequence, hash: seals.hashEntry(ends.hash, row) };
  await transaction
    .insertInto('audit_entries')
    .values({ ...row, hash: next.hash })
    .execute();
  await saveEnds(transaction, seals, next);
  return next;
}
