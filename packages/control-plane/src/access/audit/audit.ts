import type {
  AuditCheckpoint,
  AuditCheckpointList,
  AuditEntry,
  AuditFilter,
  AuditList,
  AuditQuery,
  AuditVerification,
} from '@cluster-ai/contracts';
import type { Query } from '../../stores/database.ts';
import type { Acts } from './acts.ts';
import type { CheckpointCopy } from './checkpoint-copies.ts';
import type { DeniedAttempt } from './denials.ts';
import type { EntryDraft } from './entry.ts';
import type { ChainEnds } from './seals.ts';

/** Where listeners say what was done through them, and what was denied. */
export interface AuditPoint {
  readonly acts: Acts;
  readonly denied: Audit['denied'];
}

/** The record of everything that was done, or denied. Disposing writes what is still in memory. */
export interface Audit extends AsyncDisposable {
  /** Adds an entry within a transaction; whoever commits that says `committed`. Throws `audit_chain_broken` and what the database throws. */
  append(transaction: Query, draft: Omit<EntryDraft, 'atMs' | 'count'>): Promise<ChainEnds>;
  committed(ends: ChainEnds): void;
  /** Adds an entry in a transaction of its own. */
  record(draft: Omit<EntryDraft, 'atMs' | 'count'>): Promise<void>;
  /** Counts a denied attempt; it is written within a minute, with its like. Costs a caller who is denied a look into a map, no more. */
  denied(attempt: DeniedAttempt): void;
  list(query: AuditQuery): Promise<AuditList>;
  /** Oldest first. */
  read(filter: AuditFilter): AsyncGenerator<AuditEntry, void, undefined>;
  /**
   * Whether anything was edited, removed, reordered, added, cut off, or does not agree with the checkpoints or with these copies of them.
   * Calls take turns; those without copies that come meanwhile get one answer.
   */
  verify(copies?: readonly AuditCheckpoint[]): Promise<AuditVerification>;
  /** The newest checkpoints, and the key by which others check them. */
  checkpoints(limit: number): Promise<AuditCheckpointList>;
  /** Where else checkpoints go from now on. */
  copyTo(places: readonly CheckpointCopy[]): void;
  /** Writes denied attempts each minute, checkpoints when they are due, and removes what is too old, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}
