import { ClusterError, type Operation, phrase } from '@cluster-ai/contracts';
import { aborted, type Clock, type Logger, newId } from '@cluster-ai/runtime';
import type { Actor } from '../../../access/audit/act.ts';
import type { EventBus } from '../../../observability/event-bus.ts';
import type { Database } from '../../../stores/database.ts';
import type { OperationRow } from '../../../stores/tables.ts';
import { createLeases, type Lease } from './leases.ts';
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
  /** This control plane; the same after a restart, so that it goes on at once with what it left. */
  readonly holder: string;
}

/** How often what other control planes work on is looked at, and after how long without a heartbeat it is taken over. */
const LOOK_EVERY_MS = 3000;
const STALE_MS = 15_000;
/** How often somebody who watches one of those is told how far it is. */
const ELSEWHERE_MS = 500;

const stopping = new ClusterError('shutting_down', 'The cluster is stopping.');
export const operationNotFound = (id: string) =>
  new ClusterError('operation_not_found', phrase('operation_unknown', { id: id.slice(0, 80) }));

export function createOperations({ database, events, clock, log, atOnce, runners, holder }: OperationsDependencies): Operations {
  const running = new Map<string, RunningOperation>();
  const places = createPlaces(atOnce);
  const leases = createLeases({ database, holder, clock });
  const watched = new Map<string, { readonly revision: number; readonly at: number }>();
  const stop = new AbortController();
  let starting: Promise<unknown> = Promise.resolve();

  function begin(row: OperationRow): void {
    const onEnd = () => void running.delete(row.id);
    running.set(row.id, runOperation(row, { database, events, clock, log, places, runners, leases, stop: stop.signal, onEnd }));
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
    await database.transaction(async (transaction) => {
      await insertOperation(transaction, row);
      await leases.open(transaction, row.id);
    });
    begin(row);
    return { operation: toOperation(row), isNew: true };
  }

  /** Whether nobody works on it: it was ours, it was let go, or its holder has not been heard of for long enough. */
  function isLeft(id: string, lease: Lease | undefined): boolean {
    if (lease === undefined || lease.holder === holder) return true;
    const before = watched.get(id);
    if (before?.revision === lease.revision) return clock.monotonic() - before.at >= STALE_MS;
    watched.set(id, { revision: lease.revision, at: clock.monotonic() });
    return false;
  }

  /** Goes on with what nobody works on any more. */
  async function resume(): Promise<void> {
    const open = (await listOperations(database.query)).filter((row) => !isEnded(row) && !running.has(row.id));
    for (const row of open.toReversed()) {
      const lease = await leases.find(row.id);
      if (!isLeft(row.id, lease) || !(await leases.take(row.id, lease))) continue;
      watched.delete(row.id);
      log.info({ operation: row.id, reference: row.reference }, 'An operation goes on after a restart');
      begin(row);
    }
  }
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = starting.then(work); // one after the other, so that two of the same cannot both be new
    starting = done.catch(() => {});
    return done;
  };

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

    start: (wanted) => inTurn(() => startOrJoin(wanted)),

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
      const waiting: Operation[] = [await get(id)];
      let wake = () => {};
      const watcher = (operation: Operation) => {
        waiting.push(operation);
        wake();
      };
      const attach = () => {
        const entry = running.get(id);
        entry?.watchers.add(watcher);
        return entry;
      };
      let entry = attach();
      const onAbort = () => wake();
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        for (;;) {
          signal.throwIfAborted();
          const next = waiting.shift();
          if (next !== undefined) {
            yield next;
            if (isEnded(next) || (entry === undefined && stop.signal.aborted)) return;
          } else if (running.get(id) !== entry || entry === undefined) {
            // it has ended, another control plane works on it, or this one is about to
            if (entry === undefined) await clock.sleep(ELSEWHERE_MS, AbortSignal.any([signal, stop.signal])).catch(() => {});
            entry = attach();
            waiting.push(await get(id));
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
      await inTurn(resume);
      while (database.kind === 'postgres' && !signal.aborted) {
        await clock.sleep(LOOK_EVERY_MS, signal).catch(() => {});
        if (!signal.aborted) await inTurn(resume).catch((error: unknown) => log.warn({ err: error }, 'Operations could not be looked at'));
      }
      await aborted(signal);
      stop.abort(stopping);
      await Promise.all([...running.values()].map(({ ended }) => ended));
    },
  };
}
