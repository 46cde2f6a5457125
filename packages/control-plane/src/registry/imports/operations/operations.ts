import { ClusterError, type Operation, phrase } from '@cluster-ai/contracts';
import { aborted, type Clock, type Logger, newId } from '@cluster-ai/runtime';
import type { Actor } from '../../../access/audit/act.ts';
import type { EventBus } from '../../../observability/event-bus.ts';
import type { Database } from '../../../stores/database.ts';
import type { OperationRow } from '../../../stores/tables.ts';
import { findOperation, insertOperation, isEnded, listOperations, toOperation } from './operation-rows.ts';
import { createPlaces } from './places.ts';
import { type Runners, type RunningOperation, runOperation } from './running-operation.ts';

export interface NewOperation {
  readonly kind: Operation['kind'];
  /** The same for the same thing. */
  readonly subject: string;
  readonly reference: string;
  readonly model: string;
  readonly wish: unknown;
  readonly actor: Actor;
}

export interface Operations {
  list(): Promise<readonly Operation[]>;
  /** Throws `operation_not_found`. */
  get(id: string): Promise<Operation>;
  /** Begins it, or joins the one that does the same. `isNew` tells which. */
  start(wanted: NewOperation): Promise<{ readonly operation: Operation; readonly isNew: boolean }>;
  /** Ends it; what it has is thrown away later, or used when somebody wants the same again. Throws `operation_not_found`, `conflict`. */
  cancel(id: string): Promise<Operation>;
  /** Every change from now on, the last one when it has ended. */
  watch(id: string, signal: AbortSignal): AsyncGenerator<Operation, void, undefined>;
  /** Goes on with what a restart interrupted, and ends everything when the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

interface OperationsDependencies {
  readonly database: Database;
  readonly events: Pick<EventBus, 'publish'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly atOnce: number;
  readonly runners: Runners;
}

const stopping = new ClusterError('shutting_down', 'The cluster is stopping.');
export const operationNotFound = (id: string) =>
  new ClusterError('operation_not_found', phrase('operation_unknown', { id: id.slice(0, 80) }));

export function createOperations({ database, events, clock, log, atOnce, runners }: OperationsDependencies): Operations {
  const running = new Map<string, RunningOperation>();
  const places = createPlaces(atOnce);
  const stop = new AbortController();
  let starting: Promise<unknown> = Promise.resolve();

  function begin(row: OperationRow): void {
    const onEnd = () => void running.delete(row.id);
    running.set(row.id, runOperation(row, { database, events, clock, log, places, runners, stop: stop.signal, onEnd }));
  }

  async function startOrJoin({ kind, subject, reference, model, wish, actor }: NewOperation) {
    stop.signal.throwIfAborted();
    const same = [...running.values()].find((other) => other.subject === subject && !other.cancel.signal.aborted);
    if (same !== undefined) return { operation: same.current(), isNew: false };
    const row: OperationRow = {
      id: newId('operation', clock.now()),
      kind,
      subject,
      reference,
      model,
      wish_json: JSON.stringify(wish),
      state: 'queued',
      phase: 'waiting',
      bytes_done: 0,
      bytes_total: null,
      reason_json: null,
      result_json: null,
      actor_json: JSON.stringify(actor.kind === 'person' ? { ...actor, name: '' } : actor), // names of people can be forgotten: not here
      started_at: clock.now(),
      ended_at: null,
    };
    await database.transaction((transaction) => insertOperation(transaction, row));
    begin(row);
    return { operation: toOperation(row), isNew: true };
  }

  async function get(id: string): Promise<Operation> {
    const current = running.get(id)?.current();
    if (current !== undefined) return current;
    const row = await findOperation(database.query, id);
    if (row === undefined) throw operationNotFound(id);
    return toOperation(row);
  }

  return {
    get,
    list: async () => (await listOperations(database.query)).map((row) => running.get(row.id)?.current() ?? toOperation(row)),

    start(wanted) {
      const started = starting.then(() => startOrJoin(wanted)); // one after the other, so that two of the same cannot both be new
      starting = started.catch(() => {});
      return started;
    },

    async cancel(id) {
      const entry = running.get(id);
      if (entry === undefined) {
        const { state } = await get(id);
        throw new ClusterError('conflict', phrase('operation_has_ended', { state }));
      }
      entry.cancel.abort(new ClusterError('cancelled', phrase('operation_was_cancelled')));
      await entry.ended;
      return get(id);
    },

    async *watch(id, signal) {
      const entry = running.get(id);
      const waiting: Operation[] = [await get(id)];
      let wake = () => {};
      const watcher = (operation: Operation) => {
        waiting.push(operation);
        wake();
      };
      const onAbort = () => wake();
      entry?.watchers.add(watcher);
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        for (;;) {
          signal.throwIfAborted();
          const next = waiting.shift();
          if (next !== undefined) {
            yield next;
            if (isEnded(next)) return;
          } else if (!running.has(id)) {
            yield await get(id); // it ended between two looks, or the cluster stops
            return;
          } else {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        }
      } finally {
        entry?.watchers.delete(watcher);
        signal.removeEventListener('abort', onAbort);
      }
    },

    async run(signal) {
      const interrupted = (await listOperations(database.query)).filter((row) => !isEnded(row) && !running.has(row.id));
      for (const row of interrupted.toReversed()) {
        log.info({ operation: row.id, reference: row.reference }, 'An operation goes on after a restart');
        begin(row);
      }
      await aborted(signal);
      stop.abort(stopping);
      await Promise.all([...running.values()].map(({ ended }) => ended));
    },
  };
}
