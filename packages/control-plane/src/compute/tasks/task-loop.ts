import type { Clock, Logger } from '@cluster-ai/runtime';
import type { Database, Query } from '../../stores/database.ts';
import type { Bridge } from '../bridge/bridge.ts';
import type { Attempt, BridgeEvent, BridgeTask } from '../bridge/messages.ts';
import { inGroups } from './in-groups.ts';
import { createTaskBook, type TaskYield } from './task-book.ts';
import { isEnded, type TaskReason, type TaskRecord } from './task-record.ts';
import type { TaskChange, TaskStore } from './task-store.ts';

type EndEvent = BridgeEvent & { readonly type: 'done' | 'failed' };

/** A result on its way into the store. */
export interface TakenResult extends TaskYield {
  /** Within the transaction that records the end: blobs get their rows. */
  record(transaction: Query): Promise<void>;
  /** Afterwards, also when the end counted for nothing any more. */
  stored(): Promise<void>;
}

export interface TaskLoopDependencies {
  /** Without the record of acts: what happens here is nobody's act. */
  readonly database: Pick<Database, 'transaction'>;
  readonly store: TaskStore;
  readonly bridge: Bridge;
  /** What the worker gets; a reason where it cannot be made. */
  readonly prepare: (
    tasks: readonly TaskRecord[],
  ) => Promise<readonly (BridgeTask | { readonly id: string; readonly refused: TaskReason })[]>;
  /** Takes what is larger than a row may hold into the store of blobs. */
  readonly takeResult: (event: EndEvent) => Promise<TakenResult>;
  readonly onLog: (id: string, attempt: number, text: string) => void;
  /** After the store has them. */
  readonly onStored: (changes: readonly TaskChange[]) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

const NEWS_EVERY_MS = 250;
const TICK_MS = 500;
const STOP_AGAIN_MS = 1000;
const FAILED_SAVE_MS = 1000;
const CANCEL_AT_ONCE = 1000;

/** A result that is no JSON (Python writes NaN) is none: nobody could read it. */
function checked(event: EndEvent): EndEvent {
  if (event.type !== 'done' || event.json === undefined) return event;
  try {
    JSON.parse(event.json);
    return event;
  } catch (error) {
    const failure = {
      kind: 'invalid_result',
      message: `The result is not JSON: ${String(error)}`,
      hint: '',
      traceback: '',
      isRetryable: false,
    };
    return { type: 'failed', id: event.id, attempt: event.attempt, failure };
  }
}

/** Runs accepted tasks: hands them over in their order, writes down what becomes of them, and begins again what is lost. */
export function createTaskLoop(dependencies: TaskLoopDependencies) {
  const { database, store, bridge, prepare, takeResult, onLog, onStored, clock, log } = dependencies;
  const book = createTaskBook({ now: clock.now, onStop: (attempt) => stop([attempt]) });
  const taken = new Map<string, TakenResult>();
  let orphans: Attempt[] = [];
  let unsent: TaskRecord[] = [];
  let wake = () => {};
  let isAwake = false;
  let newsTimer: NodeJS.Timeout | undefined;

  const rouse = () => {
    isAwake = true;
    wake();
  };
  const rouseForNews = () => {
    newsTimer ??= setTimeout(() => {
      newsTimer = undefined;
      rouse();
    }, NEWS_EVERY_MS);
  };
  function stop(attempts: readonly Attempt[]): void {
    for (const group of inGroups(attempts, CANCEL_AT_ONCE)) bridge.cancel(group);
  }

  async function hearEnd(event: EndEvent): Promise<void> {
    const isLarge = (event.type === 'done' && event.file !== undefined) || event.report !== undefined;
    const large = isLarge ? await takeResult(event) : undefined;
    const inline =
      event.type === 'done' && event.json !== undefined ? { result: { json: event.json, digest: null, sizeBytes: event.sizeBytes } } : {};
    if (event.type === 'failed' && event.failure.traceback !== '') onLog(event.id, event.attempt, event.failure.traceback);
    const after = book.apply(event.id, event, { ...inline, ...large });
    if (large !== undefined && after?.state === 'done') taken.set(event.id, large);
    else await large?.stored();
    rouse();
  }

  function hear(event: BridgeEvent): void {
    switch (event.type) {
      case 'done':
      case 'failed':
        return void hearEnd(checked(event)).catch((error: unknown) => {
          log.warn({ task: event.id, err: error }, 'The result of a task could not be taken; it is run again');
          book.apply(event.id, { type: 'lost', attempt: event.attempt });
          rouse();
        });
      case 'log':
        return void onLog(event.id, event.attempt, event.text);
      case 'stopped': {
        const task = book.apply(event.id, event);
        if (event.hasEnded || task?.state !== 'cancelling' || task.attempt !== event.attempt) return void rouse();
        return void setTimeout(() => stop([{ id: event.id, attempt: event.attempt }]), STOP_AGAIN_MS).unref();
      }
      case 'lost':
        book.apply(event.id, { type: 'lost', attempt: event.attempt });
        return void rouse();
      default:
        book.apply(event.id, event);
        return void rouseForNews();
    }
  }

  /** Ends in the store what ended, and only then lets others know. */
  async function save(): Promise<boolean> {
    const changes = book.takeChanges();
    if (changes.length === 0) return true;
    const isFinal = changes.some(({ record }) => isEnded(record.state));
    try {
      await database.transaction(
        async (transaction) => {
          for (const { record } of changes) if (isEnded(record.state)) await taken.get(record.id)?.record(transaction);
          await store.save(transaction, changes);
        },
        { durability: isFinal ? 'full' : 'normal' },
      );
    } catch (error) {
      log.error({ err: error, tasks: changes.length }, 'What became of tasks could not be stored; it is tried again');
      book.returnChanges(changes);
      return false;
    }
    for (const { record } of changes) {
      if (!isEnded(record.state)) continue;
      await taken.get(record.id)?.stored();
      taken.delete(record.id);
      book.settle(record);
    }
    onStored(changes);
    if (isFinal) rouse(); // what waited for them may begin
    return true;
  }

  /** Only what is stored as handed over goes out: an attempt's number is never used twice. */
  async function send(): Promise<void> {
    const tasks = unsent.filter(({ id, attempt, state }) => {
      const now = book.get(id);
      return now?.state === state && now.attempt === attempt;
    });
    unsent = [];
    if (tasks.length === 0) return;
    const attempts = new Map(tasks.map(({ id, attempt }) => [id, attempt]));
    const ready: BridgeTask[] = [];
    for (const each of await prepare(tasks)) {
      const attempt = attempts.get(each.id) ?? 0;
      if ('refused' in each) {
        book.apply(each.id, { type: 'lost', attempt });
        book.apply(each.id, { type: 'refused', reason: each.refused });
        rouse();
      } else if (book.get(each.id)?.state === 'submitted') ready.push(each);
    }
    if (bridge.submit(ready)) return;
    for (const { id, attempt } of ready) book.apply(id, { type: 'lost', attempt });
    rouse();
  }

  async function turn(): Promise<void> {
    book.tick();
    const connection = bridge.connection();
    const free = connection === undefined ? 0 : connection.window - book.underWayCount();
    if (free > 0) unsent.push(...book.take(free));
    if (await save()) await send();
    else await clock.sleep(FAILED_SAVE_MS);
  }

  async function pause(signal: AbortSignal): Promise<void> {
    if (isAwake || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    wake = resolve;
    const timer = book.hasTimed() ? setTimeout(resolve, TICK_MS) : undefined;
    await promise;
    clearTimeout(timer);
  }

  return {
    book,
    rouse,
    /** Takes over accepted tasks. */
    async adopt(tasks: readonly TaskRecord[]): Promise<void> {
      const elsewhere = [...new Set(tasks.flatMap(({ dependsOn }) => dependsOn))];
      book.adopt(tasks, elsewhere.length === 0 ? new Map() : await store.readStates(elsewhere));
      rouse();
    },
    /** Until the signal aborts; what is under way then is begun again by the next start. */
    async run(signal: AbortSignal): Promise<void> {
      const before = await store.readLive();
      orphans = before.filter(({ state }) => state === 'submitted' || state === 'running').map(({ id, attempt }) => ({ id, attempt }));
      await this.adopt(before);
      for (const { id, attempt } of orphans) book.apply(id, { type: 'lost', attempt });
      const bridging = bridge.run(
        {
          onConnected: () => {
            stop(orphans);
            orphans = [];
            stop(book.underWay().filter(({ state }) => state === 'cancelling'));
            rouse();
          },
          onEvents: (events) => {
            for (const event of events) hear(event);
          },
          onLost: () => {
            for (const { id, attempt, state } of book.underWay()) {
              if (state !== 'cancelling') orphans.push({ id, attempt });
              book.apply(id, { type: 'lost', attempt });
            }
            rouse();
          },
        },
        signal,
      );
      signal.addEventListener('abort', rouse, { once: true });
      const working = (async () => {
        while (!signal.aborted) {
          isAwake = false;
          await turn().catch((error: unknown) => {
            log.error({ err: error }, 'Tasks could not be looked after; it is tried again');
            return clock.sleep(FAILED_SAVE_MS);
          });
          await pause(signal);
        }
      })();
      await Promise.all([bridging, working]);
      clearTimeout(newsTimer);
      await save();
    },
  };
}
export type TaskLoop = ReturnType<typeof createTaskLoop>;
