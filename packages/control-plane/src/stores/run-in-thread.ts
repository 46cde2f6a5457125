import { Worker } from 'node:worker_threads';
import { ClusterError } from '@cluster-ai/contracts';

/**
 * One piece of work in a thread of its own, for what would keep requests waiting: hashing and copying gigabytes. Resolves with the message
 * that the thread sends; aborting ends it with `cancelled`.
 */
export async function runInThread<T>(script: URL, workerData: unknown, signal: AbortSignal): Promise<T> {
  const cancelled = () => new ClusterError('cancelled', 'The work was cancelled.');
  if (signal.aborted) throw cancelled();
  const worker = new Worker(script, { workerData, execArgv: [] });
  const stop = () => void worker.terminate();
  signal.addEventListener('abort', stop);
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  try {
    return await new Promise<T>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      void ended.then(() => reject(cancelled())); // after an answer this changes nothing
    });
  } finally {
    signal.removeEventListener('abort', stop);
    await ended; // only then its files are closed
  }
}
