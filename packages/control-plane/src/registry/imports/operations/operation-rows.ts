import { type Operation, operationShape } from '@cluster-ai/contracts';
import type { Actor } from '../../../access/audit/act.ts';
import type { Query } from '../../../stores/database.ts';
import type { OperationRow } from '../../../stores/tables.ts';

/** What ended is kept for people to look at; this many. */
const MOST_ENDED = 200;

export const isEnded = ({ state }: { readonly state: string }): boolean => state !== 'queued' && state !== 'running';

export const readActor = ({ actor_json }: OperationRow): Actor => JSON.parse(actor_json) as Actor;

const toTime = (at: number | null) => (at === null ? null : new Date(at).toISOString());

/** An operation as the API shows it, of what was stored. */
export function toOperation(row: OperationRow): Operation {
  const total = row.bytes_total;
  const progress = row.state === 'done' ? 1 : total === null || total === 0 ? 0 : Math.min(1, row.bytes_done / total);
  return operationShape.parse({
    id: row.id,
    kind: row.kind,
    reference: row.reference,
    model: row.model,
    state: row.state,
    phase: row.phase,
    progress,
    bytesDone: row.bytes_done,
    bytesTotal: total,
    bytesPerSecond: 0,
    etaSeconds: null,
    file: null,
    reason: row.reason_json === null ? null : JSON.parse(row.reason_json),
    result: row.result_json === null ? null : JSON.parse(row.result_json),
    startedBy: readActor(row).name || readActor(row).kind,
    startedAt: toTime(row.started_at),
    endedAt: toTime(row.ended_at),
  });
}

export const listOperations = (query: Query): Promise<OperationRow[]> =>
  query.selectFrom('operations').selectAll().orderBy('started_at', 'desc').orderBy('id', 'desc').execute();

export const findOperation = (query: Query, id: string): Promise<OperationRow | undefined> =>
  query.selectFrom('operations').selectAll().where('id', '=', id).executeTakeFirst();

export async function insertOperation(transaction: Query, row: OperationRow): Promise<void> {
  await transaction.insertInto('operations').values(row).execute();
  const old = await transaction
    .selectFrom('operations')
    .select('id')
    .where('ended_at', 'is not', null)
    .orderBy('ended_at', 'desc')
    .offset(MOST_ENDED)
    .limit(1000)
    .execute();
  if (old.length > 0)
    await transaction
      .deleteFrom('operations')
      .where(
        'id',
        'in',
        old.map(({ id }) => id),
      )
      .execute();
}

export async function updateOperation(transaction: Query, id: string, changes: Partial<Omit<OperationRow, 'id'>>): Promise<void> {
  await transaction.updateTable('operations').set(changes).where('id', '=', id).execute();
}
