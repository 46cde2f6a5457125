import type { Clock, Logger } from '@cluster-ai/runtime';
import { hashFile } from '../hash-file.ts';
import type { VerifiedFiles } from '../verified-files.ts';
import type { WeightsCache } from './weights-cache.ts';

export interface ScrubDeps {
  readonly cache: WeightsCache;
  readonly verified: VerifiedFiles;
  readonly clock: Clock;
  readonly log: Logger;
}

const LOOK_EVERY_MS = 3_600_000;
/** Well before `TRUSTED_FOR_MS`, so that a start does not have to wait for a hash. */
const CHECK_AFTER_MS = 7 * 24 * 3_600_000;

/** The file whose last check is longest ago, where that is long enough. */
async function findDue({ cache, verified, clock }: ScrubDeps) {
  const ages = await Promise.all(
    cache.list().map(async ({ digest, isHeld }) => ({ digest, isHeld, checkedAt: await verified.checkedAt(cache.pathOf(digest)) })),
  );
  const [oldest] = ages.toSorted((a, b) => a.checkedAt - b.checkedAt);
  return oldest !== undefined && clock.now() - oldest.checkedAt > CHECK_AFTER_MS ? oldest : undefined;
}

/** Hashes one file again. A damaged one goes, unless a replica runs on it: the next start of that fetches a fresh copy. */
async function scrubOne(deps: ScrubDeps, signal: AbortSignal): Promise<void> {
  const { cache, verified, log } = deps;
  const due = await findDue(deps);
  if (due === undefined) return;
  const path = cache.pathOf(due.digest);
  using _hold = cache.hold(due.digest);
  const digest = await hashFile(path, () => {}, signal);
  if (digest === due.digest) return verified.add(path, digest);
  log.error({ path, digest }, 'Kept weights no longer match their digest: the disk has changed them');
  await verified.forget(path);
  if (!due.isHeld) await cache.drop(due.digest);
}

/** Once an hour one file, the one that waited longest. */
export async function scrubWeights(deps: ScrubDeps, signal: AbortSignal): Promise<void> {
  const { clock, log } = deps;
  while (!signal.aborted) {
    await clock.sleep(LOOK_EVERY_MS, signal).catch(() => {});
    if (signal.aborted) return;
    await scrubOne(deps, signal).catch((error: unknown) => {
      if (!signal.aborted) log.warn({ error: String(error) }, 'Kept weights could not be checked again');
    });
  }
}
