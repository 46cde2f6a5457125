import { dirname, join } from 'node:path';
import type { AuditCheckpoint, AuditVerification } from '@cluster-ai/contracts';
import type { Clock, DataFolder, Logger } from '@cluster-ai/runtime';
import type { Database, Query } from '../../stores/database.ts';
import { appendEntry } from './append-entry.ts';
import type { Audit } from './audit.ts';
import { loadAuditKey } from './audit-key.ts';
import { toEnds } from './chain-ends.ts';
import { createCheckpointCopies } from './checkpoint-copies.ts';
import { genuineIn, openCheckpoints, toCheckpointLine } from './checkpoints.ts';
import { createDenials } from './denials.ts';
import type { EntryDraft } from './entry.ts';
import { listEntries, readEntries } from './list-entries.ts';
import { removeOldEntries } from './remove-old-entries.ts';
import { type ChainEnds, createSeals, GENESIS } from './seals.ts';
import { verifyChain } from './verify-chain.ts';

export interface AuditDependencies {
  /** The database itself, not the one that `withAudit` gives. */
  readonly database: Database;
  readonly folder: Pick<DataFolder, 'database' | 'secrets'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** 0: for ever. */
  readonly retentionDays: number;
  /** Where checkpoints lie; beside the database when left out. */
  readonly checkpointFile?: string;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const ENTRIES_PER_CHECKPOINT = 1000;

const nothing: ChainEnds = { sequence: 0, hash: GENESIS, anchorSequence: 0, anchorHash: GENESIS };

const findHead = (query: Query) => query.selectFrom('audit_head').selectAll().executeTakeFirst();

/** Opens the record. Throws `audit_chain_broken` when its key is gone. */
export async function openAudit({
  database,
  folder,
  clock,
  log,
  retentionDays,
  checkpointFile = join(dirname(folder.database), 'audit-checkpoints.jsonl'),
}: AuditDependencies): Promise<Audit> {
  const head = await findHead(database.query);
  const seals = createSeals(loadAuditKey(folder.secrets, head !== undefined));
  const isSealed = head !== undefined && seals.sealEnds(toEnds(head)) === head.seal;
  if (head !== undefined && !isSealed) log.error({ sequence: head.sequence }, 'The audit record was changed by somebody else');
  let newest = isSealed ? toEnds(head) : nothing; // of what was changed no checkpoint is taken
  const checkpoints = await openCheckpoints(checkpointFile, seals);
  const copies = createCheckpointCopies(log);
  const denials = createDenials();
  let checkpoint = { sequence: 0, atMs: clock.now() };
  let checkpointing: Promise<void> = Promise.resolve();
  let verifying: Promise<unknown> = Promise.resolve();
  let shared: Promise<AuditVerification> | undefined;
  let removedAtMs = Number.NEGATIVE_INFINITY;

  const append = (transaction: Query, draft: EntryDraft) => appendEntry(transaction, seals, draft);
  const complete = (draft: Omit<EntryDraft, 'atMs' | 'count'>): EntryDraft => ({ ...draft, atMs: clock.now(), count: 1 });

  async function writeCheckpoint(): Promise<void> {
    if (newest.sequence <= checkpoint.sequence) return;
    const ends = newest;
    checkpoint = { sequence: ends.sequence, atMs: clock.now() };
    const signed = seals.signCheckpoint({ sequence: ends.sequence, hash: ends.hash, at: new Date(clock.now()).toISOString() });
    copies.add(signed);
    await checkpoints.add(signed).catch((error: unknown) => {
      log.error({ err: error, sequence: ends.sequence }, 'A checkpoint of the audit record could not be written');
    });
    void copies.send(); // a slow place holds up nothing here
  }

  function requestCheckpoint(): Promise<void> {
    checkpointing = checkpointing.then(writeCheckpoint);
    return checkpointing;
  }

  function committed(ends: ChainEnds): void {
    if (ends.sequence <= newest.sequence) return;
    newest = ends;
    if (ends.sequence - checkpoint.sequence >= ENTRIES_PER_CHECKPOINT) void requestCheckpoint();
  }

  async function recordAll(drafts: readonly EntryDraft[]): Promise<void> {
    if (drafts.length === 0) return;
    const ends = await database.transaction(async (transaction) => {
      let last = nothing;
      for (const draft of drafts) last = await append(transaction, draft);
      return last;
    });
    committed(ends);
  }

  async function writeDenials(): Promise<void> {
    const drafts = denials.take();
    await recordAll(drafts).catch((error: unknown) => {
      const attempts = drafts.reduce((sum, { count }) => sum + count, 0);
      log.error({ err: error, attempts }, 'Denied attempts could not be written to the audit record');
    });
  }

  async function removeOld(): Promise<void> {
    if (retentionDays === 0 || clock.now() - removedAtMs < DAY_MS) return;
    removedAtMs = clock.now();
    const ends = await removeOldEntries({ database, seals, checkpoints }, clock.now() - retentionDays * DAY_MS, clock.now());
    if (ends === undefined) return;
    committed(ends);
    log.info({ until: ends.anchorSequence }, 'Old entries of the audit record were removed');
  }

  async function lookAfter(): Promise<void> {
    await writeDenials();
    // the first one after a start covers what a stop or a crash was faster than
    if (checkpoint.sequence === 0 || clock.now() - checkpoint.atMs >= HOUR_MS) await requestCheckpoint();
    void copies.send();
    await removeOld().catch((error: unknown) => log.error({ err: error }, 'Old entries of the audit record could not be removed'));
  }

  async function verify(given: readonly AuditCheckpoint[]): Promise<AuditVerification> {
    const newestWritten = newest.sequence;
    const lines = [...(await checkpoints.list()), ...given.map((copy, index) => toCheckpointLine(copy, index + 1, seals, true))];
    return verifyChain({ query: database.query, seals, checkpoints: lines, newestWritten });
  }

  function verifyInTurn(given: readonly AuditCheckpoint[]): Promise<AuditVerification> {
    const verified = verifying.then(() => verify(given));
    verifying = verified.catch(() => {});
    return verified;
  }

  return {
    append: (transaction, draft) => append(transaction, complete(draft)),
    committed,
    record: (draft) => recordAll([complete(draft)]),
    denied: (attempt) => denials.add(attempt, clock.now()),
    list: (query) => listEntries(database.query, query),
    read: (filter) => readEntries(database.query, filter),
    verify(given = []) {
      if (given.length > 0) return verifyInTurn(given);
      shared ??= verifyInTurn([]).finally(() => {
        shared = undefined;
      });
      return shared;
    },
    async checkpoints(limit) {
      return { publicKey: seals.publicKey, checkpoints: [...genuineIn(await checkpoints.list()).slice(-limit)] };
    },
    copyTo: copies.copyTo,
    async run(signal) {
      while (!signal.aborted) {
        await lookAfter();
        await clock.sleep(MINUTE_MS, signal).catch(() => {});
      }
    },
    async [Symbol.asyncDispose]() {
      await writeDenials();
      await requestCheckpoint();
      await copies.close();
    },
  };
}
