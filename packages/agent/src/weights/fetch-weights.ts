import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ClusterError, isClusterError, type Phrase, phrase } from '@cluster-ai/contracts';
import { errnoOf } from '@cluster-ai/runtime';
import { toPartPath } from './cache/read-folder.ts';
import { diskFull } from './cache/room.ts';
import { addFileToHash, toDigest } from './hash-file.ts';
import type { FetchPace } from './pace-fetches.ts';
import type { FetchBlob } from './weights.ts';

export interface FetchJob {
  readonly digest: string;
  readonly sizeBytes: number;
  /** Where the checked bytes end up; beside it lies the part that has come so far. */
  readonly path: string;
  readonly fetchBlob: FetchBlob;
  readonly pace: FetchPace;
  readonly onProgress: (progress: number) => void;
}

const mismatch = (message: Phrase) => new ClusterError('digest_mismatch', message, { hint: phrase('copy_is_damaged') });

const sizeOf = (path: string) =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

async function writeAll(file: FileHandle, chunk: Buffer): Promise<void> {
  for (let written = 0; written < chunk.length; ) written += (await file.write(chunk, written)).bytesWritten;
}

/** Appends what the control plane sends, hashing on the way. Throws where the connection breaks; what has come stays for the next try. */
async function receive(job: FetchJob, file: FileHandle, hash: Hash, fromByte: number, signal: AbortSignal): Promise<void> {
  const { totalBytes, body, setWindow } = await job.fetchBlob(job.digest, fromByte, signal);
  const flow = job.pace.open(setWindow);
  try {
    if (totalBytes !== job.sizeBytes)
      throw mismatch(phrase('weights_of_other_size', { offered: totalBytes, digest: job.digest, size: job.sizeBytes }));
    let received = fromByte;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      received += chunk.length;
      if (received > job.sizeBytes) throw mismatch(phrase('more_weights_than_ordered', { size: job.sizeBytes, digest: job.digest }));
      hash.update(chunk);
      await writeAll(file, chunk);
      job.onProgress(received / job.sizeBytes);
      await flow.passed(chunk.length, signal);
      signal.throwIfAborted();
    }
    if (received < job.sizeBytes)
      throw new ClusterError('node_unreachable', phrase('weights_broke_off', { received, size: job.sizeBytes }));
  } finally {
    body.destroy();
  }
}

/** Makes a rename last through a power cut. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}

async function fetchInto(part: string, job: FetchJob, signal: AbortSignal): Promise<void> {
  const fromByte = await sizeOf(part);
  const hash = createHash('sha256');
  if (fromByte > 0) await addFileToHash(hash, part, () => {}, signal);
  const file = await open(part, 'a', 0o600);
  try {
    if (fromByte < job.sizeBytes) await receive(job, file, hash, fromByte, signal);
    await file.sync();
  } finally {
    await file.close();
  }
  const digest = toDigest(hash);
  if (digest !== job.digest) throw mismatch(phrase('weights_of_other_digest', { digest, ordered: job.digest }));
  await rename(part, job.path);
  await syncFolder(dirname(job.path));
}

function toFetchError(error: unknown, job: FetchJob, signal: AbortSignal): unknown {
  if (signal.aborted || isClusterError(error)) return error;
  const code = errnoOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(dirname(job.path), job.sizeBytes, error);
  return new ClusterError('node_unreachable', phrase('weights_not_fetched', { code: code ?? 'connection lost' }), {
    cause: error,
  });
}

/**
 * Brings a blob from the control plane to `job.path`: continues where an earlier try ended, and the file appears there only when its
 * bytes are on the disk and match the digest. Throws `digest_mismatch`, `disk_full` (both leave nothing behind), `node_unreachable`
 * (what has come stays for the next try), or what the control plane answered.
 */
export async function fetchWeights(job: FetchJob, signal: AbortSignal): Promise<void> {
  const part = toPartPath(job.path);
  try {
    if ((await sizeOf(part)) > job.sizeBytes) await rm(part);
    await fetchInto(part, job, signal);
  } catch (error) {
    const problem = toFetchError(error, job, signal);
    if (isClusterError(problem) && (problem.code === 'digest_mismatch' || problem.code === 'disk_full')) await rm(part, { force: true });
    throw problem;
  }
}
