import { mkdirSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ReplicaSpec } from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import { openWeightsCache } from './cache/open-weights-cache.ts';
import { scrubWeights } from './cache/scrub-weights.ts';
import { fetchWeights } from './fetch-weights.ts';
import { findWeights } from './found/find-weights.ts';
import type { KnownFolders } from './found/known-folders.ts';
import { hashFile } from './hash-file.ts';
import { type FetchPace, unpaced } from './pace-fetches.ts';
import { createSharedWork } from './shared-work.ts';
import { openVerifiedFiles } from './verified-files.ts';
import type { FetchBlob, Weights } from './weights.ts';

export interface WeightsDeps {
  /** Where fetched weights are kept, by digest. */
  readonly folder: string;
  readonly fetchBlob: FetchBlob;
  /** Left out: nothing holds a fetch back. */
  readonly pace?: FetchPace;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where other programs keep models. */
  readonly knownFolders: KnownFolders;
}

type WeightsFile = ReplicaSpec['file'];
type Step = { readonly step: 'fetching_weights' | 'checking_weights'; readonly progress: number };
type OnStep = (step: Step) => void;

const hasSize = (path: string, sizeBytes: number) =>
  stat(path).then(
    (found) => found.isFile() && found.size === sizeBytes,
    () => false,
  );

/** The weights of this node. */
export function createWeights({ folder, fetchBlob, pace = unpaced, clock, log, knownFolders }: WeightsDeps): Weights {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const cache = openWeightsCache(folder, log);
  const verified = openVerifiedFiles(folder, clock, log);
  const searches = createSharedWork<string, Step>();
  const fetches = createSharedWork<string, Step>();

  /** A file that cannot be read (another user's, a damaged disk) is one that we do not have. */
  const readDigest = async (path: string, sizeBytes: number, onStep: OnStep, signal: AbortSignal) => {
    try {
      return await hashFile(path, (bytes) => onStep({ step: 'checking_weights', progress: bytes / sizeBytes }), signal);
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ path, error: String(error) }, 'A file with weights cannot be read');
      return undefined;
    }
  };

  const isIntact = async (path: string, { digest, sizeBytes }: WeightsFile, onStep: OnStep, signal: AbortSignal) => {
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

  const fetchIntoCache = async ({ digest, sizeBytes }: WeightsFile, path: string, onStep: OnStep, signal: AbortSignal) => {
    await cache.makeRoom(digest, sizeBytes);
    try {
      const onProgress = (progress: number) => onStep({ step: 'fetching_weights', progress });
      await fetchWeights({ digest, sizeBytes, path, fetchBlob, pace, onProgress }, signal);
    } finally {
      cache.settle(digest);
    }
    await verified.add(path, digest);
    log.info({ digest, sizeBytes }, 'Weights were fetched from the control plane');
  };

  const ensureOwn = async (file: WeightsFile, onStep: OnStep, signal: AbortSignal): Promise<string> => {
    const path = cache.pathOf(file.digest);
    using _hold = cache.hold(file.digest);
    await cache.settled(file.digest);
    const isHit = await isIntact(path, file, onStep, signal);
    if (!isHit) {
      await cache.drop(file.digest); // damaged since: only a fresh copy helps
      await fetchIntoCache(file, path, onStep, signal);
    }
    await cache.use(file.digest, file.sizeBytes, isHit);
    return path;
  };

  const find = async (file: WeightsFile, onStep: OnStep, signal: AbortSignal): Promise<string> => {
    if (file.path !== undefined && (await isIntact(file.path, file, onStep, signal))) return file.path;
    // by digest alone: two orders that name different places must not write the same file
    return fetches.run(file.digest, (tell, shared) => ensureOwn(file, tell, shared), onStep, signal);
  };

  return {
    async ensure(file, onProgress, signal) {
      const key = `${cache.pathOf(file.digest)}\n${file.path ?? ''}`;
      return searches.run(
        key,
        (onStep, shared) => find(file, onStep, shared),
        ({ step, progress }) => onProgress(step, progress),
        signal,
      );
    },
    hold: cache.hold,
    limit: cache.limit,
    report: cache.report,
    keepIntact: (signal) => scrubWeights({ cache, verified, clock, log }, signal),
    found: (signal) => findWeights({ folders: knownFolders, clock, log }, signal),
  };
}
