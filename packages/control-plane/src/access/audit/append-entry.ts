import type { Query } from '../../stores/database.ts';
import { saveEnds, takeNextNumber } from './chain-ends.ts';
import { type EntryDraft, toRow, toStoredText } from './entry.ts';
import type { ChainEnds, Seals } from './seals.ts';

/** What a person is called, outside of the chain: an erased person's name goes (and does not come back), and the chain stays as it was. */
async function keepName(transaction: Query, { kind, id, name }: EntryDraft['actor']): Promise<void> {
  if (kind !== 'person' || name === '') return;
  await transaction
    .insertInto('audit_names')
    .values({ person_id: id, name: toStoredText(name) })
    .onConflict((conflict) =>
      conflict
        .column('person_id')
        .doUpdateSet({ name: toStoredText(name) })
        .where('audit_names.name', '!=', ''),
    )
    .execute();
}

/** Adds an entry as a part of the transaction that it tells of. Throws `audit_chain_broken`, and then nothing of that transaction is kept. */
export async function appendEntry(transaction: Query, seals: Seals, draft: EntryDraft): Promise<ChainEnds> {
  const ends = await takeNextNumber(transaction, seals);
  const row = toRow(ends.sequence + 1, draft);
  const next = { ...ends, sequence: row.sequence, hash: seals.hashEntry(ends.hash, row) };
  await transaction
    .insertInto('audit_entries')
    .values({ ...row, hash: next.hash })
    .execute();
  await keepName(transaction, draft.actor);
  await saveEnds(transaction, seals, next);
  return next;
}
