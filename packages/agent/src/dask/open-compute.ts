import { join } from 'node:path';
import { ClusterError } from '@cluster-ai/contracts';
import type { Clock, DataFolder, Logger } from '@cluster-ai/runtime';
import type { Weights } from '../weights/weights.ts';
import { openBlobDoor } from './blob-door.ts';
import type { Compute } from './compute.ts';
import { OrderedWorker } from './ordered-worker.ts';
import { createProbeListeners, probePlace } from './probe-places.ts';
import type { OpenEnvironment } from './worker-environment.ts';

export interface OpenComputeOptions {
  readonly folder: Pick<DataFolder, 'root'>;
  readonly weights: Pick<Weights, 'ensure' | 'hold'>;
  readonly openEnvironment: OpenEnvironment;
  /** The control plane runs on this machine too. */
  readonly isLocal: boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

const staleOrder = (fence: number, known: number) =>
  new ClusterError('stale_order', `The order ${fence} for the worker is older than ${known}, which was already obeyed.`);

/** What a node does once it was ordered to compute. */
export async function openCompute({ folder, weights, openEnvironment, isLocal, clock, log }: OpenComputeOptions): Promise<Compute> {
  const listeners = new Set<() => void>();
  const probes = createProbeListeners({ clock });
  const blobs = await openBlobDoor({ weights, log });
  let worker: OrderedWorker | undefined;
  let newestFence = -1;
  let isEnding = false;
  const tell = () => {
    for (const listener of listeners) listener();
  };
  const deps = {
    openEnvironment,
    blobs,
    scratch: join(folder.root, 'compute', 'worker'),
    dataFolder: folder.root,
    sandbox: isLocal ? 'required' : 'wanted',
    clock,
    log,
    onChange: tell,
  } as const;

  const checkFence = (fence: number) => {
    if (fence < newestFence) throw staleOrder(fence, newestFence);
  };

  return {
    report: () => worker?.report(),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async putWorker(spec) {
      checkFence(spec.fence);
      if (worker === undefined && spec.fence === newestFence) throw staleOrder(spec.fence, newestFence); // by which it was retired
      if (isEnding) throw new ClusterError('shutting_down', 'The agent is stopping.');
      newestFence = spec.fence;
      if (worker?.fence === spec.fence) return worker.report();
      if (worker?.does(spec)) {
        worker.renew(spec.fence);
        tell();
        return worker.report();
      }
      const before = Promise.all([worker?.retire(), probes.closeAll()]).then(() => {});
      worker = new OrderedWorker(spec, deps, before);
      tell();
      return worker.report();
    },
    async retireWorker(fence) {
      checkFence(fence);
      newestFence = fence;
      const retiring = worker;
      if (retiring === undefined) return undefined;
      await retiring.retire();
      const report = retiring.report();
      if (worker === retiring) {
        worker = undefined;
        tell();
      }
      return report;
    },
    probe: (request) => probePlace(request, clock),
    listen: (place) => probes.open(place),
    async [Symbol.asyncDispose]() {
      isEnding = true;
      await Promise.all([worker?.stop(), probes[Symbol.asyncDispose]()]);
      await blobs[Symbol.asyncDispose]();
    },
  };
}
