import type { AuditCheckpoint, AuditVerification } from '@cluster-ai/contracts';
import type { Query } from '../../stores/database.ts';
import type { AuditEntryRow, AuditHeadRow } from '../../stores/tables.ts';
import { toCanonicalJson } from './canonical-json.ts';
import { toEnds } from './chain-ends.ts';
import { type CheckpointLine, genuineIn } from './checkpoints.ts';
import type { Seals } from './seals.ts';

/** Some milliseconds of work between which others have their turn. */
const ROWS_AT_ONCE = 200;

type Problem = NonNullable<AuditVerification['problem']>;

export interface VerifyDependencies {
  readonly query: Query;
  readonly seals: Seals;
  /** Read before the record is: it can only have grown since. */
  readonly checkpoints: readonly CheckpointLine[];
  /** The newest entry that this process has written, likewise. */
  readonly newestWritten: number;
}

const say = (kind: Problem['kind'], sequence: number, message: string): Problem => ({ kind, sequence, message });

async function* readRows(query: Query, after: number, last: number): AsyncGenerator<AuditEntryRow, void, undefined> {
  for (let from = after; ; ) {
    const rows = await query
      .selectFrom('audit_entries')
      .selectAll()
      .where('sequence', '>', from)
      .where('sequence', '<=', last)
      .orderBy('sequence')
      .limit(ROWS_AT_ONCE)
      .execute();
    yield* rows;
    const newest = rows.at(-1);
    if (newest === undefined || rows.length < ROWS_AT_ONCE) return;
    from = newest.sequence;
  }
}

/** The hash that a row should have; `undefined` where it holds what nobody of us has written. */
function toHash(seals: Seals, previousHash: string, row: AuditEntryRow): string | undefined {
  try {
    if (toCanonicalJson(JSON.parse(row.details_json)) !== row.details_json) return undefined;
    return seals.hashEntry(previousHash, row);
  } catch {
    return undefined;
  }
}

/** Whether the true entry of a broken place lies somewhere behind it: then they were reordered. */
async function explainBroken(
  { query, seals }: VerifyDependencies,
  broken: AuditEntryRow,
  previousHash: string,
  last: number,
): Promise<Problem> {
  const { sequence } = broken;
  for await (const row of readRows(query, sequence, last)) {
    const hash = toHash(seals, previousHash, { ...row, sequence });
    if (hash !== undefined && (hash === row.hash || hash === broken.hash))
      return say('reordered', sequence, `Entry ${sequence} is in the place of entry ${row.sequence}.`);
  }
  return say('edited', sequence, `Entry ${sequence} does not fit to its hash: it was edited, or put there by somebody else.`);
}

interface Walk {
  readonly entries: number;
  readonly problem: Problem | undefined;
}

/** Follows the chain from the anchor to the head. */
async function walk(dependencies: VerifyDependencies, head: AuditHeadRow, known: ReadonlyMap<number, string>): Promise<Walk> {
  let { anchor_sequence: at, anchor_hash: hash } = head;
  const { anchor_sequence: start, sequence: last } = head;
  const end = (problem?: Problem): Walk => ({ entries: at - start, problem });
  for await (const row of readRows(dependencies.query, start, last)) {
    const expected = at + 1;
    if (row.sequence !== expected) return end(say('removed', expected, `The entries ${expected} to ${row.sequence - 1} are missing.`));
    if (toHash(dependencies.seals, hash, row) !== row.hash) return end(await explainBroken(dependencies, row, hash, last));
    if ((known.get(expected) ?? row.hash) !== row.hash)
      return end(say('edited', expected, `Entry ${expected} is not the one of which a checkpoint was taken.`));
    at = expected;
    hash = row.hash;
  }
  if (at < last) return end(say('cut_off', at + 1, `The record ends at entry ${at}; there were ${last}.`));
  return hash === head.hash ? end() : end(say('unsealed', last, `The head of the record is not that of entry ${last}.`));
}

/** Rows that lie outside of the two ends. One statement, so that an entry that is being added is not among them. */
async function findAdded(query: Query): Promise<Problem | undefined> {
  const row = await query
    .selectFrom('audit_entries')
    .innerJoin('audit_head', (join) => join.onTrue())
    .select('audit_entries.sequence')
    .where((where) =>
      where.or([
        where('audit_entries.sequence', '>', where.ref('audit_head.sequence')),
        where('audit_entries.sequence', '<=', where.ref('audit_head.anchor_sequence')),
      ]),
    )
    .orderBy('audit_entries.sequence')
    .limit(1)
    .executeTakeFirst();
  return row && say('added', row.sequence, `Entry ${row.sequence} lies outside of the record: somebody else has added it.`);
}

function findForged(checkpoints: readonly CheckpointLine[]): Problem | undefined {
  const line = checkpoints.find((candidate) => 'forged' in candidate);
  if (line === undefined || !('forged' in line)) return undefined;
  const { line: number, sequence, isCopy } = line.forged;
  return say(
    'checkpoint',
    sequence,
    `Line ${number} of ${isCopy ? 'the copy of the checkpoints' : 'the checkpoints'} is not signed by us.`,
  );
}

/** Two genuine checkpoints of one entry with two hashes: whoever holds the key has written the record anew from there or before. */
function findContradiction(genuine: readonly AuditCheckpoint[]): Problem | undefined {
  const seen = new Map<number, string>();
  for (const { sequence, hash } of genuine) {
    if ((seen.get(sequence) ?? hash) !== hash)
      return say('edited', sequence, `Two checkpoints of entry ${sequence} contradict each other: the record was written anew.`);
    seen.set(sequence, hash);
  }
  return undefined;
}

async function findHead(query: Query): Promise<AuditHeadRow | undefined> {
  return query.selectFrom('audit_head').selectAll().executeTakeFirst();
}

const toResult = (head: AuditHeadRow | undefined, checkpoints: number, { entries, problem }: Walk): AuditVerification => ({
  isIntact: problem === undefined,
  entries,
  firstSequence: entries === 0 || head === undefined ? null : head.anchor_sequence + 1,
  lastSequence: entries === 0 || head === undefined ? null : head.anchor_sequence + entries,
  checkpoints,
  problem: problem ?? null,
});

async function judgeWithoutHead(query: Query, mustReach: number): Promise<Problem | undefined> {
  const row = await query.selectFrom('audit_entries').select('sequence').orderBy('sequence').limit(1).executeTakeFirst();
  if (row) return say('unsealed', row.sequence, 'The head of the record is gone.');
  return mustReach > 0 ? say('cut_off', 1, `The record is empty; there were ${mustReach} entries.`) : undefined;
}

/** Reads the whole record, some rows at a time, and says the first thing that is wrong with it. */
export async function verifyChain(dependencies: VerifyDependencies): Promise<AuditVerification> {
  const { query, seals, checkpoints, newestWritten } = dependencies;
  const genuine = genuineIn(checkpoints);
  const known = new Map(genuine.map(({ sequence, hash }) => [sequence, hash]));
  const mustReach = Math.max(newestWritten, ...known.keys());
  const head = await findHead(query);
  if (head === undefined)
    return toResult(head, known.size, { entries: 0, problem: (await judgeWithoutHead(query, mustReach)) ?? findForged(checkpoints) });

  const walked = await walk(dependencies, head, known);
  const isSealed = seals.sealEnds(toEnds(head)) === head.seal;
  const problem =
    walked.problem ??
    (head.sequence < mustReach
      ? say('cut_off', head.sequence + 1, `The record ends at entry ${head.sequence}; there were ${mustReach}.`)
      : undefined) ??
    (isSealed ? undefined : say('unsealed', head.sequence + 1, 'The ends of the record do not carry our seal: something was cut off.')) ??
    (await findAdded(query)) ??
    findContradiction(genuine) ??
    findForged(checkpoints);
  // retention has cut meanwhile: what looked like missing is not
  if (problem !== undefined && (await findHead(query))?.anchor_sequence !== head.anchor_sequence) return verifyChain(dependencies);
  return toResult(head, known.size, { entries: walked.entries, problem });
}
