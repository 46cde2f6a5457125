import { ClusterError } from '@cluster-ai/contracts';
import { toFolderError, toSourceError } from '../stores/fs/file-errors.ts';
import { runInThread } from '../stores/run-in-thread.ts';
import { threadFile } from '../stores/thread-file.ts';
import type { ArchiveAnswer, ArchiveJob, ArchiveProblem } from './archive-worker.ts';

function toError(problem: ArchiveProblem, job: ArchiveJob): ClusterError {
  if ('mismatch' in problem) {
    const where =
      job.type === 'pack' ? 'has changed or is damaged on the disk' : `in ${job.archive} is damaged: its bytes do not match their digest`;
    return new ClusterError('digest_mismatch', `The file ${problem.mismatch} ${where}.`, {
      hint: job.type === 'pack' ? 'Import that model again or remove it, then try again.' : 'Take another backup; nothing was changed.',
    });
  }
  if ('damage' in problem)
    return new ClusterError('digest_mismatch', `${job.archive} is not a complete backup: ${problem.damage}.`, {
      hint: 'Take another backup; nothing was changed.',
    });
  const { message, code, path } = problem.failure;
  const cause = Object.assign(new Error(message), { code });
  if (job.type === 'pack' && path !== job.archive) return toSourceError(cause, path);
  if (job.type !== 'pack' && path === job.archive)
    return new ClusterError('file_not_found', `The backup ${path} cannot be read (${code ?? 'unknown'}).`, {
      hint: 'Check the path.',
      cause,
    });
  return toFolderError(cause, path);
}

/** Packs or reads an archive in a thread of its own. */
export async function runArchiveJob(job: ArchiveJob, signal: AbortSignal): Promise<Exclude<ArchiveAnswer, ArchiveProblem>> {
  const answer = await runInThread<ArchiveAnswer>(threadFile('archive-worker', import.meta.url), job, signal);
  if ('mismatch' in answer || 'damage' in answer || 'failure' in answer) throw toError(answer, job);
  return answer;
}
