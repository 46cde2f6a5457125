import { ClusterError, isClusterError, type Operation, type OperationPhase, toClusterError, toWireError } from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import { type Actor, besideActs } from '../../../access/audit/act.ts';
import type { EventBus } from '../../../observability/event-bus.ts';
import type { Database } from '../../../stores/database.ts';
import type { OperationRow } from '../../../stores/tables.ts';
import type { Leases } from './leases.ts';
import { readActor, toOperation, updateOperation } from './operation-rows.ts';
import type { Places } from './places.ts';
import { createProgressMeter } from './progress-meter.ts';

const TELL_EVERY_MS = 250;
const STORE_EVERY_MS = 2000;
const BEAT_EVERY_MS = 3000;
/** Without a heartbeat for so long the work is left to another control plane, which takes it over after longer (`operations.ts`). */
const GIVE_UP_MS = 9000;

/** What a piece of work is given to say how far it is. */
export interface Work {
  readonly id: string;
  readonly wish: unknown;
  /** Who began it. */
  readonly actor: Actor;
  /** Aborted when somebody cancels it, and when the cluster stops: then it goes on after the next start. */
  readonly signal: AbortSignal;
  enter(phase: OperationPhase): void;
  /** What the work turned out to be. */
  describe(what: { readonly model?: string; readonly bytesTotal?: number | null }): void;
  /** The file under work, and all bytes that are here or there by now. */
  report(bytesDone: number, file?: Operation['file']): void;
}

export type Result = NonNullable<Operation['result']>;
/** Each kind of work. After a restart it is called again with the same wish, and goes on with what there is. */
export type Runners = Readonly<Record<Operation['kind'], (work: Work) => Promise<Result>>>;

type Watcher = (operation: Operation) => void;

/** One that is under way in this process. */
export interface RunningOperation {
  readonly subject: string;
  readonly cancel: AbortController;
  readonly watchers: Set<Watcher>;
  /** Settles when its end is stored; never rejects. */
  readonly ended: Promise<void>;
  current(): Operation;
}

export interface RunDependencies {
  readonly database: Database;
  readonly events: Pick<EventBus, 'publish'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly places: Places;
  readonly runners: Runners;
  readonly leases: Leases;
  /** Aborted when the cluster stops: what runs is neither done nor failed then. */
  readonly stop: AbortSignal;
  /** It has ended, and that is stored. */
  readonly onEnd: () => void;
}

/** What is shown of an operation while it runs, and told to whoever watches, not more often than anybody can read. */
function createTelling(row: OperationRow, { database, events, clock, log }: RunDependencies) {
  const meter = createProgressMeter(clock, row.bytes_done);
  const watchers = new Set<Watcher>();
  let shown: Operation = toOperation({ ...row, state: 'queued', phase: 'waiting' });
  let toldAt = -Infinity;
  let storedAt = clock.monotonic();

  const storeProgress = (bytesDone: number, bytesTotal: number | null) =>
    database
      .transaction((transaction) => updateOperation(transaction, row.id, { bytes_done: bytesDone, bytes_total: bytesTotal }), {
        durability: 'normal',
      })
      .catch((error: unknown) => log.warn({ err: error, operation: row.id }, 'How far an operation is could not be stored'));

  function show(next: Operation): void {
    shown = next;
    toldAt = clock.monotonic();
    events.publish({ type: 'operation.changed', operation: shown });
    for (const watcher of watchers) watcher(shown);
  }

  function tell(changes: Partial<Operation>, isUrgent: boolean): void {
    const measured = meter.progress();
    const { bytesDone, bytesTotal } = measured;
    const progress = Math.max(shown.progress, bytesTotal === null || bytesTotal === 0 ? 0 : bytesDone / bytesTotal);
    shown = { ...shown, ...measured, ...changes, progress };
    const now = clock.monotonic();
    if (!isUrgent && now - toldAt < TELL_EVERY_MS) return;
    show(shown);
    if (now - storedAt < STORE_EVERY_MS) return;
    storedAt = now;
    void storeProgress(bytesDone, bytesTotal);
  }

  return { meter, watchers, show, tell, current: () => shown };
}

function createWork(row: OperationRow, signal: AbortSignal, { meter, tell, current }: ReturnType<typeof createTelling>): Work {
  return {
    id: row.id,
    wish: JSON.parse(row.wish_json) as unknown,
    actor: readActor(row),
    signal,
    enter: (phase) => tell({ phase }, true),
    describe({ model, bytesTotal }) {
      if (bytesTotal !== undefined) meter.setTotal(bytesTotal);
      tell(model === undefined ? {} : { model }, true);
    },
    report(bytesDone, file) {
      const before = current().file;
      const isOther = file !== undefined && file?.path !== before?.path;
      const isWhole = file !== undefined && file !== null && file.bytesDone === file.sizeBytes;
      meter.report(bytesDone);
      tell(file === undefined ? {} : { file }, isOther || isWhole);
    },
  };
}

const takenOver = new ClusterError('conflict', 'Another control plane has taken this operation over.');

/** Says that this control plane lives and works on it, until the signal aborts. Resolves with true when the operation is another one's now. */
async function keepLease(id: string, { leases, clock, log }: RunDependencies, signal: AbortSignal): Promise<boolean> {
  let heldAt = clock.monotonic();
  for (;;) {
    await clock.sleep(BEAT_EVERY_MS, signal).catch(() => {});
    if (signal.aborted) return false;
    const isHeld = await leases.renew(id).catch((error: unknown) => {
      log.warn({ err: error, operation: id }, 'The heartbeat of an operation could not be written');
      return undefined;
    });
    if (isHeld === true) heldAt = clock.monotonic();
    if (isHeld === false || clock.monotonic() - heldAt > GIVE_UP_MS) return true;
  }
}

/** Begins an operation that is stored, or goes on with it. */
export function runOperation(row: OperationRow, dependencies: RunDependencies): RunningOperation {
  const { database, clock, log, places, runners, leases, stop, onEnd } = dependencies;
  const cancel = new AbortController();
  const lost = new AbortController();
  const over = new AbortController();
  const signal = AbortSignal.any([cancel.signal, stop, lost.signal]);
  const telling = createTelling(row, dependencies);
  const work = createWork(row, signal, telling);
  const store = (changes: Partial<OperationRow>) =>
    database.transaction(async (transaction) => {
      if (!(await leases.holds(transaction, row.id))) throw takenOver;
      await updateOperation(transaction, row.id, changes);
      if (changes.ended_at !== undefined) await leases.release(transaction, row.id);
    });

  async function conclude(changes: Pick<OperationRow, 'state' | 'phase'> & Partial<OperationRow>): Promise<void> {
    const { bytesDone, bytesTotal } = telling.meter.progress();
    const { model, progress } = telling.current();
    const { id: _, ...whole } = { ...row, model, bytes_done: bytesDone, bytes_total: bytesTotal, ended_at: clock.now(), ...changes };
    await store(whole);
    onEnd();
    telling.show({ ...toOperation({ ...row, ...whole }), progress: changes.state === 'done' ? 1 : progress });
  }

  function explain(error: unknown): Partial<OperationRow> {
    if (!isClusterError(error)) log.error({ err: error, operation: row.id }, 'An operation failed for a reason that nobody thought of');
    else log.warn({ operation: row.id, code: error.code, reference: row.reference }, 'An operation failed');
    return { reason_json: JSON.stringify(toWireError(toClusterError(error))) };
  }

  async function run(): Promise<void> {
    try {
      using _place = await places.take(signal);
      telling.tell({ state: 'running', phase: 'resolving' }, true);
      await store({ state: 'running' });
      const result = await runners[row.kind](work);
      await conclude({ state: 'done', phase: 'done', result_json: JSON.stringify(result) });
    } catch (error) {
      const { phase } = telling.current();
      if (lost.signal.aborted) return void log.warn({ operation: row.id }, 'An operation is left to another control plane');
      if (cancel.signal.aborted) await conclude({ state: 'cancelled', phase });
      else if (!stop.aborted) await conclude({ state: 'failed', phase, ...explain(error) });
      else await database.transaction((transaction) => leases.release(transaction, row.id)); // another control plane may go on at once
    }
  }

  async function runWithLease(): Promise<void> {
    const keeping = keepLease(row.id, dependencies, over.signal).then((isLost) => {
      if (isLost) lost.abort(takenOver);
    });
    try {
      await run();
    } finally {
      over.abort();
      await keeping;
      if (lost.signal.aborted) {
        onEnd();
        telling.show(telling.current()); // whoever watches looks at what the other one does from now on
      }
    }
  }

  const ended = besideActs(runWithLease).catch((error: unknown) => {
    log.error({ err: error, operation: row.id }, 'The end of an operation could not be stored');
    onEnd();
  });
  return { subject: row.subject, cancel, watchers: telling.watchers, ended, current: telling.current };
}
