import type { ComputeStatus, Worker } from '@cluster-ai/contracts';
import { Gauge, type Registry } from 'prom-client';

/** The main numbers of compute; Dask's own are scraped beside ours (docs/compute.md). Nothing is shown while it is off. */
export function watchCompute(status: () => ComputeStatus, registers: Registry[]): void {
  const perPool = (name: string, help: string, read: (pool: ComputeStatus['pools'][number]) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['pool'] as const,
      registers,
      collect() {
        this.reset();
        for (const pool of status().pools) this.set({ pool: pool.name }, read(pool));
      },
    });
  const perWorker = (name: string, help: string, read: (worker: Worker) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['worker', 'pool'] as const,
      registers,
      collect() {
        this.reset();
        for (const worker of status().workers) if (worker.threads > 0) this.set({ worker: worker.name, pool: worker.pool }, read(worker));
      },
    });
  perPool('compute_workers', 'Dask workers that run.', ({ running }) => running);
  perPool('compute_workers_wanted', 'Dask workers that there should be.', ({ wanted }) => wanted);
  perWorker('compute_worker_memory_bytes', 'Bytes of memory that a Dask worker uses.', ({ memoryBytes }) => memoryBytes);
  perWorker('compute_worker_memory_limit_bytes', 'Bytes of memory that a Dask worker may use.', ({ memoryLimitBytes }) => memoryLimitBytes);
  perWorker('compute_worker_spilled_bytes', 'Bytes that a Dask worker moved to its disk.', ({ spilledBytes }) => spilledBytes);
  perWorker('compute_worker_running_tasks', 'Tasks that a Dask worker runs.', ({ running }) => running);
  new Gauge({
    name: 'compute_tasks',
    help: 'Tasks by state.',
    labelNames: ['state'] as const,
    registers,
    collect() {
      this.reset();
      for (const [state, count] of Object.entries(status().tasks)) this.set({ state }, count);
    },
  });
}
