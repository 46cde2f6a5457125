import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createManualClock, silentLogger } from '@cluster-ai/runtime';
import { sql } from 'kysely';
import type { Database } from '../../../stores/database.ts';
import { openDatabase } from '../../../stores/open-database.ts';
import type { AuditEntryRow, AuditHeadRow } from '../../../stores/tables.ts';
import type { Act } from '../act.ts';
import type { Audit } from '../audit.ts';
import type { CheckpointCopy } from '../checkpoint-copies.ts';
import { type AuditDependencies, openAudit } from '../open-audit.ts';

type AuditOptions = Partial<Pick<AuditDependencies, 'retentionDays' | 'clock' | 'log' | 'checkpointFile'>> & {
  readonly copies?: readonly CheckpointCopy[];
};

/** A database and a data folder for one record, which can be opened more than once. */
export interface AuditPlace extends AsyncDisposable {
  readonly database: Database;
  readonly folder: { readonly database: string; readonly secrets: string };
  readonly checkpointFile: string;
  readonly clock: ReturnType<typeof createManualClock>;
  /** As a start of the program does. */
  open(options?: AuditOptions): Promise<Audit>;
}

export async function openPlace(url = ''): Promise<AuditPlace> {
  const root = await mkdtemp(join(tmpdir(), 'cluster-ai-audit-'));
  const folder = { database: join(root, 'state', 'cluster.db'), secrets: join(root, 'secrets') };
  for (const path of [join(root, 'state'), folder.secrets]) await mkdir(path);
  const database = await openDatabase({ url, folder, log: silentLogger });
  const clock = createManualClock();
  return {
    database,
    folder,
    checkpointFile: join(root, 'state', 'audit-checkpoints.jsonl'),
    clock,
    async open({ copies = [], ...options } = {}) {
      const audit = await openAudit({ database, folder, clock, log: silentLogger, retentionDays: 365, ...options });
      audit.copyTo(copies);
      return audit;
    },
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true });
    },
  };
}

export const ada: Act = {
  actor: { kind: 'person', id: 'person_1', name: 'Ada', role: 'admin' },
  address: '127.0.0.1',
  action: 'DELETE /api/v1/nodes/:id',
  requestId: 'req_1',
  target: 'node_1',
};

export const toDraft = (
  changes: Partial<Act> & { readonly result?: 'ok' | 'failed'; readonly details?: Record<string, unknown> } = {},
) => ({
  ...ada,
  result: 'ok' as const,
  details: {},
  ...changes,
});

const triggers = [
  ['audit_entries', ['audit_entries_stay_as_they_are', 'audit_entries_stay', 'audit_entries_follow']],
  ['audit_head', ['audit_head_goes_on', 'audit_head_stays']],
] as const;

/** What somebody does first who has the database, but not the key. */
export async function dropTriggers({ kind, transaction }: Database): Promise<void> {
  for (const [table, names] of triggers)
    for (const name of names)
      await transaction((query) => sql.raw(`drop trigger ${name}${kind === 'postgres' ? ` on ${table}` : ''}`).execute(query));
}

/** Both tables, to be put back after they were tampered with. */
export interface Tables {
  readonly entries: readonly AuditEntryRow[];
  readonly head: readonly AuditHeadRow[];
}

export async function readTables({ query }: Database): Promise<Tables> {
  const entries = await query.selectFrom('audit_entries').selectAll().orderBy('sequence').execute();
  return { entries, head: await query.selectFrom('audit_head').selectAll().execute() };
}

/** Replaces both tables; the triggers must be gone. */
export async function writeTables({ transaction }: Database, { entries, head }: Tables): Promise<void> {
  await transaction(async (query) => {
    await query.deleteFrom('audit_entries').execute();
    await query.deleteFrom('audit_head').execute();
    for (const row of entries) await query.insertInto('audit_entries').values(row).execute();
    for (const row of head) await query.insertInto('audit_head').values(row).execute();
  });
}
