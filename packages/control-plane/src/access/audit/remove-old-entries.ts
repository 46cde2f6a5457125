import { type AuditCheckpoint, ClusterError } from '@cluster-ai/contracts';
import type { Database, Query } from '../../stores/database.ts';
import { appendEntry } from './append-entry.ts';
import { saveEnds } from './chain-ends.ts';
import { type Checkpoints, genuineIn } from './checkpoints.ts';
import type { EntryDraft } from './entry.ts';
import type { ChainEnds, Seals } from './seals.ts';

interface Dependencies {
  readonly database: Database;
  readonly seals: Seals;
  readonly checkpoints: Checkpoints;
}

/** The newest checkpoint below which everything is older. */
async function findCut(query: Query, checkpoints: Checkpoints, cutoffMs: number): Promise<AuditCheckpoint | undefined> {
  const head = await query.selectFrom('audit_head').selectAll().executeTakeFirst();
  if (head === undefined) return undefined;
  const kept = await query
    .selectFrom('audit_entries')
    .select('sequence')
    .where('at', '>=', cutoffMs)
    .orderBy('sequence')
    .limit(1)
    .executeTakeFirst();
  return genuineIn(await checkpoints.list())
    .filter(({ sequence }) => sequence > head.anchor_sequence && sequence < (kept?.sequence ?? head.sequence + 1))
    .toSorted((a, b) => b.sequence - a.sequence)[0];
}

async function moveAnchor(transaction: Query, seals: Seals, cut: AuditCheckpoint, ends: ChainEnds): Promise<ChainEnds> {
  const row = await transaction.selectFrom('audit_entries').select('hash').where('sequence', '=', cut.sequence).executeTakeFirst();
  if (row?.hash !== cut.hash)
    throw new ClusterError(
      'audit_chain_broken',
      `Entry ${cut.sequence} of the audit record is not the one of which a checkpoint was taken.`,
      {
        hint: 'See what is wrong with `cluster-ai audit verify`. Until then nothing is removed from it.',
      },
    );
  const moved = { ...ends, anchorSequence: cut.sequence, anchorHash: cut.hash };
  await saveEnds(transaction, seals, moved);
  return moved;
}

const toDraft = (cut: AuditCheckpoint, removed: number, nowMs: number): EntryDraft => ({
  actor: { kind: 'system', id: '', name: '', role: '' },
  address: '',
  action: 'audit.retention',
  target: '',
  result: 'ok',
  details: { removed, until: cut.sequence, hash: cut.hash },
  requestId: '',
  count: 1,
  atMs: nowMs,
});

/**
 * Removes what is older, whole checkpoints at a time: the only way in which an entry ever goes. The anchor, which keeps the hash of the last
 * one that went, moves first; the triggers let rows go only behind it. Says so in the record itself. Gives the new ends, if anything went.
 */
export async function removeOldEntries(
  { database, seals, checkpoints }: Dependencies,
  cutoffMs: number,
  nowMs: number,
): Promise<ChainEnds | undefined> {
  const cut = await findCut(database.query, checkpoints, cutoffMs);
  if (cut === undefined) return undefined;
  return database.transaction(async (transaction) => {
    const { anchor_sequence: anchor } = await transaction.selectFrom('audit_head').select('anchor_sequence').executeTakeFirstOrThrow();
    if (anchor >= cut.sequence) return undefined; // another control plane was faster
    const appended = await appendEntry(transaction, seals, toDraft(cut, cut.sequence - anchor, nowMs));
    const moved = await moveAnchor(transaction, seals, cut, appended);
    await transaction.deleteFrom('audit_entries').where('sequence', '<=', cut.sequence).execute();
    return moved;
  });
}
