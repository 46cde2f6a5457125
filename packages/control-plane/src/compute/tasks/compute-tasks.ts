import { join } from 'node:path';
import { ClusterError, type Config, phrase } from '@cluster-ai/contracts';
import type { Clock, DataFolder, Logger } from '@cluster-ai/runtime';
import type { TaskGrants } from '../../access/task-grants.ts';
import type { EventBus } from '../../observability/event-bus.ts';
import type { BlobParts } from '../../registry/open-blob-parts.ts';
import type { BlobStore } from '../../stores/blob-store.ts';
import type { Database } from '../../stores/database.ts';
import type { BridgePlace } from '../bridge/open-bridge.ts';
import type { TaskNumbers } from '../compute.ts';
import type { WorkerOffer } from './capacity.ts';
import type { PrepareDependencies } from './prepare-tasks.ts';
import type { TaskMeter } from './task-meter.ts';
import type { Tasks } from './tasks.ts';

/** The running cluster of Dask, as whoever keeps it hands it over. */
export interface DaskCluster {
  /** The interpreter of its environment. */
  readonly python: string;
  /** Where the package `cluster_ai` lies. */
  readonly pythonPath: readonly string[];
  /** With a certificate that is good for hours; `undefined` while there is no scheduler. */
  readonly findPlace: () => Promise<BridgePlace | undefined>;
  /** What workers have that run or could run; `undefined` while that is not known. */
  readonly offers: () => readonly WorkerOffer[] | undefined;
}

export interface ComputeTasksDependencies {
  readonly database: Database;
  readonly own: Database;
  readonly blobs: BlobStore;
  readonly blobParts: Pick<BlobParts, 'findBlob' | 'blobUrls'>;
  readonly grants: TaskGrants;
  /** While it is held, workers of any node may fetch these bytes. */
  readonly shareWithWorkers: (digest: string) => Disposable;
  readonly findModel: PrepareDependencies['findModel'];
  /** The id of a node by its name or id. */
  readonly findNode: (nameOrId: string) => string | undefined;
  /** Where workers find this cluster. */
  readonly url: () => string;
  readonly events: Pick<EventBus, 'publish'>;
  readonly meter: TaskMeter;
  readonly folder: DataFolder;
  readonly config: Config['compute'];
  readonly clock: Clock;
  readonly log: Logger;
}

/** An address of a file is good for as long as the longest wait of a task for its worker, within reason. */
const FILE_URL_MS = 12 * 60 * 60_000;
/** Types that ask models, or may: Python can load one of the registry. */
const withGrant: ReadonlySet<string> = new Set(['ai_inference', 'model', 'python']);

const off = () =>
  new ClusterError('compute_disabled', phrase('reason', { reason: 'compute_off' }), {
    hint: phrase('next_step', { reason: 'compute_off' }),
  });

const notReady = () =>
  new ClusterError('compute_unavailable', phrase('reason', { reason: 'scheduler_starting' }), { hint: phrase('see_compute_status') });

/** Tasks while compute is on. What costs memory is loaded when it is. */
export function createComputeTasks(dependencies: ComputeTasksDependencies) {
  const { blobs, blobParts, grants, shareWithWorkers, findNode, url, folder, config, clock, log } = dependencies;
  let current: Tasks | undefined;

  const shared = new Map<string, Map<string, Disposable>>();

  async function findFile(digest: string, taskId: string) {
    const blob = await blobParts.findBlob(digest).catch(() => undefined);
    if (blob === undefined) return undefined;
    const ofTask = shared.get(taskId) ?? new Map<string, Disposable>();
    if (!ofTask.has(digest)) ofTask.set(digest, shareWithWorkers(digest));
    shared.set(taskId, ofTask);
    const path = await blobParts.blobUrls.sign({ digest, forMs: FILE_URL_MS, scope: 'task' });
    return { digest, sizeBytes: blob.sizeBytes, url: new URL(path, url()).href };
  }

  /** Nothing of the task runs any more. */
  function end(taskId: string): void {
    grants.end(taskId);
    for (const share of shared.get(taskId)?.values() ?? []) share[Symbol.dispose]();
    shared.delete(taskId);
  }

  return {
    /** Throws `compute_disabled`, or `compute_unavailable` while it is enabled and not there yet. */
    find(isEnabled: boolean): Tasks {
      if (current === undefined) throw isEnabled ? notReady() : off();
      return current;
    },
    active: () => current?.active() ?? 0,
    numbers: (): TaskNumbers | undefined => current,
    /** Works beside a cluster until the signal aborts. */
    async run({ python, pythonPath, findPlace, offers }: DaskCluster, signal: AbortSignal): Promise<void> {
      const [{ openTasks }, { createBridge }, { readFunctions }] = await Promise.all([
        import('./open-tasks.ts'),
        import('../bridge/open-bridge.ts'),
        import('./read-functions.ts'),
      ]);
      const spoolFolder = join(folder.root, 'compute', 'spool');
      const inlineBytes = config.resultInlineKiB * 1024;
      const bridge = createBridge({ python, pythonPath, findPlace, spoolFolder, inlineBytes, clock, log });
      const tasks = openTasks({
        ...dependencies,
        blobs,
        findBlob: blobParts.findBlob,
        bridge,
        spoolFolder,
        findCapacity: offers,
        findNode,
        findFile,
        functions: () => readFunctions(config.functions),
        grant: (task, owner) => (withGrant.has(task.type) ? { url: url(), token: grants.mint(task.id, owner) } : null),
        onEnded: end,
      });
      current = tasks;
      try {
        await tasks.run(signal);
      } finally {
        current = undefined;
      }
    },
  };
}
