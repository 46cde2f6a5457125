import { dirname } from 'node:path';
import { runInThread } from '../run-in-thread.ts';
import { threadFile } from '../thread-file.ts';
import type { DigestWorkerAnswer, DigestWorkerData } from './digest-worker.ts';
import { toFolderError, toSourceError } from './file-errors.ts';

export interface DigestOptions {
  readonly signal: AbortSignal;
  /** Writes the same bytes there, to a file that must not exist yet, and makes sure that they are on the disk. */
  readonly copyTo?: string;
  readonly bytesPerSecond?: number;
}

/** SHA-256 of a regular file. Throws `file_not_found`, `invalid_model_file`, `cancelled`, or for the copy `disk_full` and `data_folder_unwritable`. */
export async function digestFile(
  path: string,
  { signal, copyTo, bytesPerSecond }: DigestOptions,
): Promise<{ digest: string; sizeBytes: number }> {
  const data: DigestWorkerData = { path, copyTo, bytesPerSecond };
  const answer = await runInThread<DigestWorkerAnswer>(threadFile('digest-worker', import.meta.url), data, signal);
  if (!('failure' in answer)) return answer;
  const cause = Object.assign(new Error(answer.failure.message), { code: answer.failure.code });
  throw copyTo !== undefined && answer.failure.isOfTarget ? toFolderError(cause, dirname(copyTo)) : toSourceError(cause, path);
}
