import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ClusterError } from '@cluster-ai/contracts';
import type { DigestWorkerAnswer, DigestWorkerData } from './digest-worker.ts';
import { toFolderError, toSourceError } from './file-errors.ts';

export interface DigestOptions {
  readonly signal: AbortSignal;
  /** Writes the same bytes there, to a file that must not exist yet, and makes sure that they are on the disk. */
  readonly copyTo?: string;
}

/** SHA-256 of a regular file, in a thread: requests must not wait while gigabytes are hashed. */
export async function digestFile(path: string, { signal, copyTo }: DigestOptions): Promise<{ digest: string; sizeBytes: number }> {
  const cancelled = () => new ClusterError('cancelled', `Reading ${path} was cancelled.`);
  if (signal.aborted) throw cancelled();
  const workerData: DigestWorkerData = { path, copyTo };
  const worker = new Worker(new URL('./digest-worker.ts', import.meta.url), { workerData, execArgv: [] });
  const stop = () => void worker.terminate();
  signal.addEventListener('abort', stop);
  const answer = await new Promise<DigestWorkerAnswer>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(cancelled())); // after an answer this changes nothing
  }).finally(() => signal.removeEventListener('abort', stop));
  if (!('failure' in answer)) return answer;
  const cause = Object.assign(new Error(answer.failure.message), { code: answer.failure.code });
  throw copyTo !== undefined && answer.failure.isOfTarget ? toFolderError(cause, dirname(copyTo)) : toSourceError(cause, path);
}
