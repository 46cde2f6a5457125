import { z } from 'zod';
import type { SchedulerPlace } from './dask-scheduler.ts';

const askMs = 5000;

const count = z.number().catch(0);
const identityShape = z.object({
  workers: z.record(
    z.string(),
    z.object({
      name: z.union([z.string(), z.number()]).transform(String),
      nthreads: count,
      memory_limit: count,
      resources: z.record(z.string(), z.number()).catch({}),
      metrics: z
        .object({
          memory: count,
          task_counts: z.record(z.string(), z.number()).catch({}),
          spilled_bytes: z.union([z.object({ memory: count, disk: count }), z.number()]).catch(0),
        })
        .partial()
        .catch({}),
    }),
  ),
});

/** A worker as the scheduler sees it. */
export interface SeenWorker {
  readonly name: string;
  /** `tls://host:port` */
  readonly address: string;
  readonly threads: number;
  readonly memoryLimitBytes: number;
  readonly memoryBytes: number;
  readonly spilledBytes: number;
  readonly resources: Readonly<Record<string, number>>;
  readonly running: number;
}

/** A page of Dask's own, as text. Throws when it does not come in time. */
export async function readDask(place: Pick<SchedulerPlace, 'dashboardPort'>, secret: string, path: string, signal?: AbortSignal) {
  const limit = AbortSignal.timeout(askMs);
  const answer = await fetch(`http://127.0.0.1:${place.dashboardPort}/dask${path}`, {
    headers: { 'x-cluster-ai-dashboard': secret },
    signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`The scheduler answered ${path} with ${answer.status}.`);
  return { text, contentType: answer.headers.get('content-type') ?? 'text/plain' };
}

/** All workers that are connected to the scheduler. Throws when it does not answer. */
export async function readWorkers(place: SchedulerPlace, secret: string, signal?: AbortSignal): Promise<readonly SeenWorker[]> {
  const { text } = await readDask(place, secret, '/json/identity.json', signal);
  return Object.entries(identityShape.parse(JSON.parse(text)).workers).map(([address, worker]) => {
    const { memory = 0, task_counts: counts = {}, spilled_bytes: spilled = 0 } = worker.metrics;
    return {
      name: worker.name,
      address,
      threads: worker.nthreads,
      memoryLimitBytes: worker.memory_limit,
      memoryBytes: memory,
      spilledBytes: typeof spilled === 'number' ? spilled : spilled.disk,
      resources: worker.resources,
      running: counts['executing'] ?? 0,
    };
  });
}
