import { createHash } from 'node:crypto';
import type { Task, TaskRequest } from '@cluster-ai/contracts';
import { toCanonicalJson } from '../../access/audit/canonical-json.ts';
import type { TaskRow } from '../../stores/tables.ts';
import type { TaskReason, TaskRecord } from './task-record.ts';

/** Without what may be large. */
export type TaskHead = Omit<TaskRow, 'input_json' | 'result_json'>;

export const headColumns = [
  'id', 'sequence', 'owner_id', 'submitter_json', 'type', 'name', 'content_hash', 'state', 'attempt', 'failures', 'retries', 'priority',
  'depends_json', 'resources_json', 'wants_report', 'timeout_ms', 'deadline_at', 'progress_thousandths', 'message', 'worker', 'reason_json',
  'result_digest', 'result_bytes', 'report_digest', 'created_at', 'started_at', 'ended_at',
] as const satisfies (keyof TaskHead)[]; // biome-ignore format: one list

const toTime = (at: number | null) => (at === null ? null : new Date(at).toISOString());
const readReason = (text: string | null) => (text === null ? null : (JSON.parse(text) as TaskReason));

export function toRecord(row: TaskHead): TaskRecord {
  return {
    id: row.id,
    ownerId: row.owner_id,
    type: row.type,
    sequence: row.sequence,
    state: row.state,
    attempt: row.attempt,
    failures: row.failures,
    retries: row.retries,
    priority: row.priority,
    dependsOn: JSON.parse(row.depends_json) as string[],
    resources: JSON.parse(row.resources_json) as TaskRequest['resources'],
    wantsReport: row.wants_report === 1,
    timeoutMs: row.timeout_ms,
    deadlineAt: row.deadline_at,
    notBefore: 0,
    progress: row.progress_thousandths / 1000,
    message: row.message,
    worker: row.worker,
    reason: readReason(row.reason_json),
    startedAt: row.started_at,
    endedAt: row.ended_at,
  };
}

/** A task as the API shows it. The value of its result only where that was read. */
export function toTask(row: TaskHead & { readonly result_json?: string | null }): Task {
  const hasResult = row.result_bytes !== null;
  const isInline = row.result_json !== null && row.result_json !== undefined;
  return {
    id: row.id,
    name: row.name,
    type: row.type,
    state: row.state,
    reason: readReason(row.reason_json),
    attempt: row.attempt,
    priority: row.priority,
    retries: row.retries,
    progress: row.progress_thousandths / 1000,
    message: row.message,
    dependsOn: JSON.parse(row.depends_json),
    resources: JSON.parse(row.resources_json),
    worker: row.worker,
    result: hasResult
      ? {
          ...(isInline ? { value: JSON.parse(row.result_json ?? 'null') } : {}),
          ...(row.result_digest === null ? {} : { digest: row.result_digest }),
          sizeBytes: row.result_bytes ?? 0,
        }
      : null,
    hasReport: row.report_digest !== null,
    owner: row.owner_id,
    createdAt: new Date(row.created_at).toISOString(),
    startedAt: toTime(row.started_at),
    endedAt: toTime(row.ended_at),
    deadlineAt: toTime(row.deadline_at),
  };
}

/** Who handed a task in: by this, work in its name finds what that one may do now. */
export interface Submitter {
  readonly kind: string;
  readonly id: string;
  readonly ownerId: string;
}

export interface NewTask {
  readonly id: string;
  readonly request: TaskRequest;
  readonly dependsOn: readonly string[];
  readonly submitter: Submitter;
  readonly sequence: number;
}

/** Two requests that ask for the same have the same. */
export const hashContent = (request: TaskRequest): string =>
  createHash('sha256')
    .update(toCanonicalJson({ ...request, id: '' }))
    .digest('hex');

export function toNewRow({ id, request, dependsOn, submitter, sequence }: NewTask, now: number): TaskRow {
  const { timeoutSeconds, deadlineSeconds } = request;
  return {
    id,
    sequence,
    owner_id: submitter.ownerId,
    submitter_json: JSON.stringify(submitter),
    type: request.type,
    name: request.name,
    content_hash: hashContent(request),
    state: 'queued',
    attempt: 0,
    failures: 0,
    retries: request.retries,
    priority: request.priority,
    depends_json: JSON.stringify(dependsOn),
    resources_json: JSON.stringify(request.resources),
    wants_report: request.report ? 1 : 0,
    timeout_ms: timeoutSeconds === undefined ? null : Math.round(timeoutSeconds * 1000),
    deadline_at: deadlineSeconds === undefined ? null : now + Math.round(deadlineSeconds * 1000),
    progress_thousandths: 0,
    message: '',
    worker: null,
    reason_json: null,
    result_digest: null,
    result_bytes: null,
    report_digest: null,
    created_at: now,
    started_at: null,
    ended_at: null,
    result_json: null,
    input_json: JSON.stringify(request.input),
  };
}
