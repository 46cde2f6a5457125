import { ClusterError, type Config, type PoolName, phrase, type TaskState } from '@cluster-ai/contracts';
import { type Clock, type Logger, newId } from '@cluster-ai/runtime';
import { describeAct } from '../../access/audit/act.ts';
import type { Caller } from '../../access/caller.ts';
import type { EventBus } from '../../observability/event-bus.ts';
import type { FindBlob } from '../../registry/blob-reader.ts';
import type { BlobStore } from '../../stores/blob-store.ts';
import type { Database } from '../../stores/database.ts';
import type { Bridge } from '../bridge/bridge.ts';
import { createBundles } from './bundles.ts';
import { type FindCapacity, toPool } from './capacity.ts';
import { checkBlobs } from './check-blobs.ts';
import { checkRequest, digestOfCode } from './check-request.ts';
import { decideTask } from './decide-task.ts';
import { createPreparation, type PrepareDependencies } from './prepare-tasks.ts';
import { countTasks, listTasks, readTask, type Viewer } from './read-tasks.ts';
import { argumentsOf, checkNoCircle, findReferences } from './references.ts';
import { removeOldTasks, removeTask } from './remove-tasks.ts';
import { createResultTaking } from './take-result.ts';
import { createTaskLogs } from './task-logs.ts';
import { createTaskLoop } from './task-loop.ts';
import type { TaskMeter } from './task-meter.ts';
import { isEnded, isUnderWay } from './task-record.ts';
import { headColumns, toRecord } from './task-rows.ts';
import { createTaskStore, type TaskChange } from './task-store.ts';
import type { Demand, Tasks } from './tasks.ts';
import { tellTasks } from './tell-tasks.ts';

export interface TasksDependencies extends Pick<PrepareDependencies, 'grant' | 'findFile' | 'findModel' | 'functions' | 'findNode'> {
  /** As requests use it: with the record of acts. */
  readonly database: Database;
  /** The same without: what happens by itself is nobody's act. */
  readonly own: Database;
  readonly blobs: BlobStore;
  readonly findBlob: FindBlob;
  readonly bridge: Bridge;
  readonly spoolFolder: string;
  readonly findCapacity: FindCapacity;
  /** What was lent to a task is of no use any more. */
  readonly onEnded: (taskId: string) => void;
  readonly events: Pick<EventBus, 'publish'>;
  readonly meter: TaskMeter;
  readonly config: Config['compute'];
  /** Of tasks that ended only so many are kept. */
  readonly keepEnded?: number;
  readonly clock: Clock;
  readonly log: Logger;
}

const CLEAN_EVERY_MS = 10 * 60_000;

/** Whoever may manage compute sees everybody's tasks. */
const viewerOf = (caller: Caller): Viewer => (caller.permissions.has('compute:manage') ? undefined : caller.ownerId);

export function openTasks(dependencies: TasksDependencies): Tasks {
  const { database, own, blobs, findBlob, bridge, findCapacity, onEnded, events, meter, config, clock, log } = dependencies;
  const { findNode, keepEnded = 20_000 } = dependencies;
  const store = createTaskStore(own);
  const logs = createTaskLogs({ database: own, clock, log });
  const bundles = createBundles({ database, blobs, clock });
  const told = tellTasks(events);
  const limits = { inlineBytes: config.resultInlineKiB * 1024, maxBytes: config.resultMaxMiB * 1024 ** 2 };
  const loop = createTaskLoop({
    database: own,
    store,
    bridge,
    prepare: createPreparation({ ...dependencies, ...limits, store, dataFolders: config.dataFolders }),
    takeResult: createResultTaking({ database: own, blobs, clock }),
    onLog: logs.add,
    onStored,
    clock,
    log,
  });
  const checks = { findCapacity, findNode, codeRoles: config.code, versions: () => bridge.connection()?.versions };
  let lastSequence = 0;
  /** Of those that ended: how many in each way. */
  const ends = new Map<string, number>();

  function onStored(changes: readonly TaskChange[]): void {
    for (const { record } of changes) {
      told.changed(record.ownerId, record.id);
      if (record.endedAt === null) continue;
      ends.set(record.state, (ends.get(record.state) ?? 0) + 1);
      onEnded(record.id);
      meter.ended(record);
    }
  }

  const nextSequence = () => {
    lastSequence = Math.max(lastSequence + 1, clock.now() * 1000); // grows over restarts, also where a clock goes back for a moment
    return lastSequence;
  };

  /** The row as it is now, for who may see it. */
  async function visible(caller: Caller, id: string) {
    await readTask(own.query, id, viewerOf(caller));
    return toRecord(await own.query.selectFrom('tasks').select(headColumns).where('id', '=', id).executeTakeFirstOrThrow());
  }

  async function submit(caller: Caller, requests: readonly Parameters<Tasks['submit']>[1][number][]): Promise<readonly string[]> {
    for (const request of requests) checkRequest(caller, request, checks);
    const submitter = { kind: caller.kind, id: caller.id, ownerId: caller.ownerId };
    const tasks = requests.map((request) => ({
      id: request.id ?? newId('task', clock.now()),
      request,
      dependsOn: [...new Set([...request.dependsOn, ...findReferences(argumentsOf(request))])],
      submitter,
      sequence: nextSequence(),
    }));
    checkNoCircle(tasks);
    await checkBlobs(database.query, caller, requests);
    await bundles.check(caller.ownerId, requests.flatMap((request) => (request.type === 'javascript' ? [request.input.bundle] : []))); // biome-ignore format: one call
    const codes = [...new Set(requests.flatMap((request) => digestOfCode(request) ?? []))];
    const [first] = tasks;
    describeAct({
      target: tasks.length === 1 ? (first?.id ?? '') : `${first?.id} and ${tasks.length - 1} more`,
      details: { tasks: tasks.length, ...(codes.length === 0 ? {} : { code: codes.slice(0, 20) }) },
    });
    const fresh = await database.transaction((transaction) => store.insert(transaction, tasks, clock.now()));
    await loop.adopt(fresh);
    for (const task of fresh) {
      meter.accepted(task);
      told.changed(task.ownerId, task.id);
    }
    return tasks.map(({ id }) => id);
  }

  async function cancel(caller: Caller, id: string) {
    const row = await visible(caller, id);
    const task = loop.book.apply(id, { type: 'cancel' });
    if (task !== undefined) {
      describeAct({ target: id });
      await database.transaction((transaction) => store.save(transaction, [{ record: task }]));
      loop.rouse();
    }
    return readTask(own.query, row.id, undefined);
  }

  async function retry(caller: Caller, id: string) {
    const row = await visible(caller, id);
    const again = decideTask(row, { type: 'retry' }, clock.now());
    if (again === row) throw new ClusterError('conflict', phrase('task_not_failed', { id, state: row.state }));
    describeAct({ target: id });
    await database.transaction((transaction) => store.reopen(transaction, again));
    await loop.adopt([again]);
    return readTask(own.query, id, undefined);
  }

  function demand(): Demand {
    const counts: Record<PoolName, { waiting: number; running: number }> = {
      cpu: { waiting: 0, running: 0 },
      gpu: { waiting: 0, running: 0 },
      phone: { waiting: 0, running: 0 },
    };
    for (const task of loop.book.all()) {
      const pool = toPool(task);
      if (pool === undefined || task.state === 'cancelling') continue;
      if (task.state === 'running') counts[pool].running += 1;
      else if (!loop.book.isWaiting(task.id)) counts[pool].waiting += 1;
    }
    return counts;
  }

  async function countEnds(): Promise<void> {
    for (const [state, count] of Object.entries(await countTasks(own.query))) if (isEnded(state as TaskState)) ends.set(state, count);
  }

  function counts(): Readonly<Record<string, number>> {
    const all = new Map(ends);
    for (const { state } of loop.book.all()) if (!isEnded(state)) all.set(state, (all.get(state) ?? 0) + 1);
    return Object.fromEntries(all);
  }

  async function cleanUp(signal: AbortSignal): Promise<void> {
    await countEnds();
    while (!signal.aborted) {
      await clock.sleep(CLEAN_EVERY_MS, signal).catch(() => {});
      if (signal.aborted) return;
      await removeOldTasks(own, { keep: keepEnded, isNeeded: loop.book.isNeeded, now: clock.now() }).catch((error: unknown) =>
        log.warn({ err: error }, 'Old tasks could not be removed'),
      );
      await countEnds().catch(() => {});
    }
  }

  return {
    submit,
    cancel,
    retry,
    list: (caller, query) => listTasks(own.query, query, viewerOf(caller)),
    get: (caller, id) => readTask(own.query, id, viewerOf(caller)),
    async remove(caller, id) {
      await visible(caller, id);
      describeAct({ target: id });
      await database.transaction((transaction) => removeTask(transaction, id, loop.book.isNeeded(id), clock.now()));
    },
    async readLog(caller, id) {
      await visible(caller, id);
      return logs.read(id);
    },
    async readResult(caller, id) {
      await visible(caller, id);
      const row = (await store.readResults([id])).get(id);
      if (row?.digest) return { kind: 'blob', blob: await findBlob(row.digest) };
      if (row?.json === null || row?.json === undefined)
        throw new ClusterError('conflict', phrase('task_no_result', { id, state: row?.state ?? 'queued' }));
      return { kind: 'inline', json: row.json };
    },
    async readReport(caller, id) {
      await visible(caller, id);
      const row = await own.query.selectFrom('tasks').select('report_digest').where('id', '=', id).executeTakeFirst();
      if (!row?.report_digest) throw new ClusterError('conflict', phrase('task_no_result', { id, state: 'report' }));
      return findBlob(row.report_digest);
    },
    addBundle: (caller, text) => bundles.add(caller.ownerId, text),
    functions: async () => bridge.functions(await dependencies.functions()),
    demand,
    counts,
    active: () => loop.book.underWay().filter(({ state }) => isUnderWay(state)).length,
    bridge: bridge.condition,
    async run(signal) {
      await Promise.all([loop.run(signal), cleanUp(signal)]);
      await logs.flush();
    },
  };
}
