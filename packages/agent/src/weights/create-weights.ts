import { mkdirSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError, isDigest, type ReplicaSpec } from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import { fetchWeights } from './fetch-weights.ts';
import { findWeights } from './found/find-weights.ts';
import type { KnownFolders } from './found/known-folders.ts';
import { hashFile } from './hash-file.ts';
import { createSharedWork } from './shared-work.ts';
import { openVerifiedFiles } from './verified-files.ts';
import type { FetchBlob, Weights } from './weights.ts';

export interface WeightsDeps {
  /** Where fetched weights are kept, by digest. */
  readonly folder: string;
  readonly fetchBlob: FetchBlob;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where other programs keep models. */
  readonly knownFolders: KnownFolders;
}

type WeightsFile = ReplicaSpec['file'];
type Step = { readonly step: 'fetching_weights' | 'checking_weights'; readonly progress: number };

function toFileName(digest: string): string {
  // the digest becomes a file name: nothing but a digest may pass
  if (!isDigest(digest)) throw new ClusterError('invalid_request', 'The digest of the weights is not a SHA-256 digest.');
  return digest.replace(':', '-');
}

const hasSize = (path: string, sizeBytes: number) =>
  stat(path).then(
    (found) => found.isFile() && found.size === sizeBytes,
    () => false,
  );

/** The weights of this node. */
export function createWeights({ folder, fetchBlob, clock, log, knownFolders }: WeightsDeps): Weights {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const verified = openVerifiedFiles(folder, log);
  const work = createSharedWork<string, Step>();

  /** A file that cannot be read (another user's, a damaged disk) is one that we do not have. */
  const readDigest = async (path: string, sizeBytes: number, onStep: (step: Step) => void, signal: AbortSignal) => {
    try {
      return await hashFile(path, (bytes) => onStep({ step: 'checking_weights', progress: bytes / sizeBytes }), signal);
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ path, error: String(error) }, 'A file with weights cannot be read');
      return undefined;
    }
  };

  const isIntact = async (path: string, { digest, sizeBytes }: WeightsFile, onStep: (step: Step) => void, signal: AbortSignal) => {
    if (!(await hasSize(path, sizeBytes))) return false;
    if (await verified.has(path, digest)) return true;
    const actual = await readDigest(path, sizeBytes, onStep, signal);
    if (actual !== digest) {
      log.warn({ path, digest, actual }, 'A file does not match its digest and is not used');
      return false;
    }
    await verified.add(path, digest);
    return true;
  };

  const find = async (file: WeightsFile, onStep: (step: Step) => void, signal: AbortSignal): Promise<string> => {
    if (file.path !== undefined && (await isIntact(file.path, file, onStep, signal))) return file.path;
    const own = join(folder, toFileName(file.digest));
    if (await isIntact(own, file, onStep, signal)) return own;
    await rm(own, { force: true }); // damaged since: only a fresh copy helps
    const onProgress = (progress: number) => onStep({ step: 'fetching_weights', progress });
    await fetchWeights({ digest: file.digest, sizeBytes: file.sizeBytes, path: own, fetchBlob, onProgress }, signal);
    await verified.add(own, file.digest);
    log.info({ digest: file.digest, sizeBytes: file.sizeBytes }, 'Weights were fetched from the control plane');
    return own;
  };

  return {
    async ensure(file, onProgress, signal) {
      const key = `${toFileName(file.digest)}\n${file.path ?? ''}`;
      return work.run(
        key,
        (onStep, shared) => find(file, onStep, shared),
        ({ step, progress }) => onProgress(step, progress),
        signal,
      );
    },
    found: (signal) => findWeights({ folders: knownFolders, clock, log }, signal),
  };
}
