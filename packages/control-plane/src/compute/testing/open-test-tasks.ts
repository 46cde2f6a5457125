import { join } from 'node:path';
import { type Config, defaultConfig, type Task, type TaskInput, taskRequestShape } from '@cluster-ai/contracts';
import { type Logger, silentLogger, systemClock } from '@cluster-ai/runtime';
import type { Caller } from '../../access/caller.ts';
import { permissionsOf } from '../../access/roles.ts';
import { createEventBus } from '../../observability/event-bus.ts';
import { createBlobReader } from '../../registry/blob-reader.ts';
import { openBlobStore } from '../../stores/fs/open-blob-store.ts';
import { openDatabase } from '../../stores/open-database.ts';
import { createBridge } from '../bridge/open-bridge.ts';
import { openTasks, type TasksDependencies } from '../tasks/open-tasks.ts';

export const somebody = (id: string, role: Caller['role'] = 'developer'): Caller => ({
  kind: 'person',
  id,
  ownerId: id,
  name: id,
  role,
  permissions: permissionsOf(role ?? 'viewer'),
  models: undefined,
});

export interface TestTasksOptions extends Partial<Pick<TasksDependencies, 'findCapacity' | 'findNode' | 'keepEnded' | 'grant' | 'bridge'>> {
  readonly folder: string;
  readonly python: string;
  readonly pythonPath: readonly string[];
  readonly scheduler: string;
  readonly window?: number;
  readonly config?: Partial<Config['compute']>;
  readonly log?: Logger;
}

/** A task of the type python whose arguments say what it does, see cluster_ai_testing_tasks.py. */
export const work = (args: readonly unknown[], more: Partial<TaskInput> = {}) =>
  taskRequestShape.parse({ type: 'python', input: { function: 'test', args }, ...more });

/** Tasks as the control plane has them, over a real database and bridge. Opened again on the same folder, it is the next start. */
export async function openTestTasks(options: TestTasksOptions) {
  const { folder, python, pythonPath, scheduler, window = 500, log = silentLogger, ...rest } = options;
  const { bridge: given, config, ...others } = rest;
  const clock = systemClock;
  const database = await openDatabase({ url: '', folder: { database: join(folder, 'cluster.db') }, log });
  const blobs = await openBlobStore({ folder: join(folder, 'blobs') });
  const events = createEventBus({ firstId: 1 });
  const spoolFolder = join(folder, 'spool');
  const bridge =
    given ??
    createBridge({
      python,
      pythonPath,
      findPlace: async () => ({ scheduler }),
      spoolFolder,
      inlineBytes: 64 * 1024,
      executor: 'cluster_ai_testing_tasks:execute',
      functions: 'cluster_ai_testing_tasks:functions',
      window,
      clock,
      log,
    });
  const findBlob = createBlobReader({ database, blobs });
  const tasks = openTasks({
    database,
    own: database,
    blobs,
    findBlob,
    bridge,
    spoolFolder,
    findCapacity: () => undefined,
    findNode: () => undefined,
    grant: () => null,
    findFile: async (digest) => ({ digest, sizeBytes: (await findBlob(digest)).sizeBytes, url: '/blobs' }),
    findModel: async () => ({ framework: 'onnx', verdict: 'safe', files: [] }),
    functions: async () => [],
    onEnded: () => {},
    events,
    meter: { accepted: () => {}, ended: () => {} },
    config: { ...defaultConfig().compute, ...config },
    clock,
    log,
    ...others,
  });
  const stop = new AbortController();
  const running = tasks.run(stop.signal);
  return {
    tasks,
    database,
    events,
    bridgePid: () => bridge.pid(),
    async close(): Promise<void> {
      stop.abort();
      await running;
      await database[Symbol.asyncDispose]();
    },
    /** Resolves with the task once it has ended, or is as wanted. */
    async until(caller: Caller, id: string, isIt = ({ endedAt }: Task) => endedAt !== null): Promise<Task> {
      for (;;) {
        const task = await tasks.get(caller, id);
        if (isIt(task)) return task;
        await systemClock.sleep(20);
      }
    },
  };
}
export type TestTasks = Awaited<ReturnType<typeof openTestTasks>>;
