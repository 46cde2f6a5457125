import { ClusterError, phrase, type TaskState } from '@cluster-ai/contracts';
import { sql } from 'kysely';
import type { Database, Query } from '../../stores/database.ts';
import { inGroups } from './in-groups.ts';
import type { TaskReason, TaskRecord } from './task-record.ts';
import { hashContent, headColumns, type NewTask, toNewRow, toRecord } from './task-rows.ts';

/** How a task changed: what is decided of it, and with its end the result. */
export interface TaskChange {
  readonly record: TaskRecord;
  readonly result?: { readonly json: string | null; readonly digest: string | null; readonly sizeBytes: number };
  readonly reportDigest?: string;
}

const ROWS_AT_ONCE = 200;
const IDS_AT_ONCE = 1000;

export interface TaskStore {
  /**
   * Writes them, all or none, within the caller's transaction; those that are there already with the same content are left alone. Gives the new
   * ones. Throws `conflict` for an id that is there with another content or of somebody else, `invalid_request` for a dependency that is not.
   */
  insert(transaction: Query, tasks: readonly NewTask[], now: number): Promise<readonly TaskRecord[]>;
  /** Changes of any number of tasks, in one transaction. What has ended stays as it ended. */
  save(transaction: Query, changes: readonly TaskChange[]): Promise<void>;
  /** A failed one begins anew. */
  reopen(transaction: Query, record: TaskRecord): Promise<void>;
  /** All that have not ended, oldest first. */
  readLive(): Promise<readonly TaskRecord[]>;
  readStates(ids: readonly string[]): Promise<ReadonlyMap<string, TaskState>>;
  readInputs(ids: readonly string[]): Promise<ReadonlyMap<string, TaskInputRow>>;
  readResults(ids: readonly string[]): Promise<ReadonlyMap<string, TaskResultRow>>;
}

export interface TaskInputRow {
  readonly inputJson: string;
  readonly submitterJson: string;
}

export interface TaskResultRow {
  readonly json: string | null;
  readonly digest: string | null;
  readonly sizeBytes: number | null;
  readonly state: TaskState;
}

const otherContent = (id: string) =>
  new ClusterError('conflict', phrase('task_other_content', { id }), { param: 'id', hint: phrase('task_other_content_hint') });

/** Of tasks with the same id in one call only the first counts, when all say the same. */
function withoutRepeated(tasks: readonly NewTask[]): readonly NewTask[] {
  const firsts = new Map<string, NewTask>();
  for (const task of tasks) {
    const first = firsts.get(task.id);
    if (first === undefined) firsts.set(task.id, task);
    else if (hashContent(first.request) !== hashContent(task.request)) throw otherContent(task.id);
  }
  return [...firsts.values()];
}

async function findKnown(transaction: Query, ids: readonly string[]) {
  const known = new Map<string, { readonly owner: string; readonly hash: string }>();
  for (const group of inGroups(ids, IDS_AT_ONCE)) {
    const rows = await transaction.selectFrom('tasks').select(['id', 'owner_id', 'content_hash']).where('id', 'in', group).execute();
    for (const { id, owner_id, content_hash } of rows) known.set(id, { owner: owner_id, hash: content_hash });
  }
  return known;
}

async function checkDependencies(transaction: Query, tasks: readonly NewTask[]): Promise<void> {
  const here = new Set(tasks.map(({ id }) => id));
  const elsewhere = new Map(
    tasks.flatMap(({ dependsOn, submitter }) => dependsOn.filter((id) => !here.has(id)).map((id) => [id, submitter])),
  );
  const known = await findKnown(transaction, [...elsewhere.keys()]);
  for (const [id, { ownerId }] of elsewhere)
    if (known.get(id)?.owner !== ownerId)
      throw new ClusterError('invalid_request', phrase('task_dependency_unknown', { id }), { param: 'dependsOn' });
}

const columnsOfChange = ['id', 'state', 'attempt', 'failures', 'progress', 'message', 'worker', 'reason', 'started', 'ended', 'digest', 'bytes', 'report', 'result', 'deadline']; // biome-ignore format: one list

const toText = (value: unknown) => (value === null || value === undefined ? null : String(value));

function toValues({ record, result, reportDigest }: TaskChange) {
  const reason: TaskReason | null = record.reason;
  return [
    record.id,
    record.state,
    toText(record.attempt),
    toText(record.failures),
    toText(Math.round(record.progress * 1000)),
    record.message.slice(0, 2000),
    record.worker,
    reason === null ? null : JSON.stringify(reason),
    toText(record.startedAt),
    toText(record.endedAt),
    result?.digest ?? null,
    toText(result?.sizeBytes),
    reportDigest ?? null,
    result?.json ?? null,
    toText(record.deadlineAt),
  ];
}

/** One statement for many rows, the same on both databases: text, cast where a number is wanted. */
async function saveGroup(transaction: Query, changes: readonly TaskChange[]): Promise<void> {
  const rows = sql.join(changes.map((change) => sql`(${sql.join(toValues(change).map((value) => sql`cast(${value} as text)`))})`));
  const columns = sql.join(columnsOfChange.map((name) => sql.ref(name)));
  await sql`with changed (${columns}) as (values ${rows})
    update tasks set
      state = changed.state, attempt = cast(changed.attempt as bigint), failures = cast(changed.failures as bigint),
      progress_thousandths = cast(changed.progress as bigint), message = changed.message, worker = changed.worker,
      reason_json = changed.reason, started_at = cast(changed.started as bigint), ended_at = cast(changed.ended as bigint),
      result_digest = changed.digest, result_bytes = cast(changed.bytes as bigint), report_digest = changed.report,
      result_json = changed.result, deadline_at = cast(changed.deadline as bigint)
    from changed where tasks.id = changed.id and tasks.state not in ('done', 'failed', 'cancelled')`.execute(transaction);
}

export function createTaskStore(database: Pick<Database, 'query'>): TaskStore {
  const { query } = database;
  return {
    async insert(transaction, given, now) {
      const tasks = withoutRepeated(given);
      const known = await findKnown(transaction, tasks.map(({ id }) => id)); // biome-ignore format: one call
      const rows = [];
      for (const task of tasks) {
        const found = known.get(task.id);
        const row = toNewRow(task, now);
        if (found === undefined) rows.push(row);
        else if (found.owner !== row.owner_id || found.hash !== row.content_hash) throw otherContent(task.id);
      }
      await checkDependencies(transaction, tasks);
      for (const group of inGroups(rows, ROWS_AT_ONCE)) await transaction.insertInto('tasks').values(group).execute();
      return rows.map(toRecord);
    },
    async save(transaction, changes) {
      for (const group of inGroups(changes, ROWS_AT_ONCE)) await saveGroup(transaction, group);
    },
    async reopen(transaction, { id, failures, deadlineAt }) {
      await transaction
        .updateTable('tasks')
        .set({ state: 'queued', failures, deadline_at: deadlineAt, progress_thousandths: 0, message: '', worker: null, reason_json: null })
        .set({ started_at: null, ended_at: null })
        .where('id', '=', id)
        .where('state', '=', 'failed')
        .execute();
    },
    async readLive() {
      const rows = await query
        .selectFrom('tasks')
        .select(headColumns)
        .where('state', 'in', ['queued', 'submitted', 'running', 'cancelling'])
        .orderBy('sequence')
        .execute();
      return rows.map(toRecord);
    },
    async readStates(ids) {
      const found = new Map<string, TaskState>();
      for (const group of inGroups(ids, IDS_AT_ONCE))
        for (const { id, state } of await query.selectFrom('tasks').select(['id', 'state']).where('id', 'in', group).execute())
          found.set(id, state);
      return found;
    },
    async readInputs(ids) {
      const found = new Map<string, TaskInputRow>();
      for (const group of inGroups(ids, IDS_AT_ONCE)) {
        const rows = await query.selectFrom('tasks').select(['id', 'input_json', 'submitter_json']).where('id', 'in', group).execute();
        for (const row of rows) found.set(row.id, { inputJson: row.input_json, submitterJson: row.submitter_json });
      }
      return found;
    },
    async readResults(ids) {
      const found = new Map<string, TaskResultRow>();
      for (const group of inGroups(ids, IDS_AT_ONCE)) {
        const rows = await query
          .selectFrom('tasks')
          .select(['id', 'state', 'result_json', 'result_digest', 'result_bytes'])
          .where('id', 'in', group)
          .execute();
        for (const row of rows)
          found.set(row.id, { json: row.result_json, digest: row.result_digest, sizeBytes: row.result_bytes, state: row.state });
      }
      return found;
    },
  };
}
