import { rm } from 'node:fs/promises';
import { mostReportedCopies, type WeightsReport } from '@cluster-ai/contracts';
import type { Logger } from '@cluster-ai/runtime';
import { type Candidate, chooseVictims } from './choose-victims.ts';
import { createHolds } from './holds.ts';
import { openPopularity } from './open-popularity.ts';
import { type KeptFile, readFolder, readKept, toPartPath, toPath } from './read-folder.ts';
import { diskFull, measureRoom, toNoRoom } from './room.ts';
import type { WeightsCache } from './weights-cache.ts';

const sum = (files: Iterable<{ readonly sizeBytes: number }>) => [...files].reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);

/** The folder is the truth: what lies there is what we hold, whatever other files say. So a crash or a lost list costs nothing. */
export function openWeightsCache(folder: string, log: Logger): WeightsCache {
  const files = readFolder(folder);
  const reserved = new Map<string, number>();
  const holds = createHolds();
  const leaving = new Map<string, Promise<void>>();
  const counters = { hits: 0, misses: 0, hitBytes: 0, missBytes: 0, evictions: 0 };
  const popularity = openPopularity(folder, [...files.keys()], log);
  let ordered: number | null = null;
  let limitBytes: number | null = null;
  let turn: Promise<void> = Promise.resolve();

  /** Room is given to one after the other: two who look at the same free bytes would both take them. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const mine = turn.then(work);
    turn = mine.catch(() => {});
    return mine;
  };

  const sizeOf = (digest: string) => reserved.get(digest) ?? files.get(digest)?.sizeBytes ?? 0;
  const all = () => new Set([...files.keys(), ...reserved.keys()]);
  const heldBytes = () => [...all()].reduce((bytes, digest) => bytes + sizeOf(digest), 0);
  const isHeld = (digest: string) => holds.has(digest) || reserved.has(digest);
  /** What others were promised and have not written yet. */
  const promisedBytes = () =>
    [...reserved].reduce((bytes, [digest, sizeBytes]) => bytes + sizeBytes - (readKept(folder, digest)?.sizeBytes ?? 0), 0);
  const settle = (digest: string) => {
    reserved.delete(digest);
    const kept = readKept(folder, digest);
    if (kept) files.set(digest, kept);
    else files.delete(digest);
  };

  const remove = async (digest: string) => {
    files.delete(digest); // from now on nobody finds it, whatever the disk still says
    const path = toPath(folder, digest);
    const removal = Promise.all([rm(path, { force: true }), rm(toPartPath(path), { force: true })]).then(() => {});
    leaving.set(digest, removal);
    try {
      await removal;
    } finally {
      leaving.delete(digest);
      settle(digest);
    }
  };

  const toCandidates = async (): Promise<Candidate[]> => {
    const { of } = await popularity;
    return [...files].map(([digest, { sizeBytes }]) => ({ digest, sizeBytes, popularity: of(digest), isHeld: isHeld(digest) }));
  };

  const evict = async (victims: readonly Candidate[]): Promise<number> => {
    let freedBytes = 0;
    for (const { digest, sizeBytes } of victims) {
      if (isHeld(digest)) continue; // ordered since it was chosen
      await remove(digest);
      freedBytes += sizeBytes;
      counters.evictions += 1;
      log.info({ digest, sizeBytes }, 'Weights left the cache of this node');
    }
    return freedBytes;
  };

  const shortOf = async (digest: string, sizeBytes: number) => {
    const room = await measureRoom(folder, heldBytes() - promisedBytes(), ordered);
    ({ limitBytes } = room);
    const moreBytes = sizeBytes - sizeOf(digest);
    const overLimit = heldBytes() + moreBytes - room.limitBytes;
    const overDisk = moreBytes + promisedBytes() - room.freeBytes;
    return { room, bytes: Math.max(0, overLimit, overDisk) };
  };
  const heldByOthers = (digest: string) =>
    [...all()].filter((other) => other !== digest && isHeld(other)).reduce((bytes, other) => bytes + sizeOf(other), 0);

  const reserve = async (digest: string, sizeBytes: number) => {
    for (;;) {
      const { room, bytes } = await shortOf(digest, sizeBytes);
      const others = (await toCandidates()).filter((candidate) => candidate.digest !== digest);
      const victims = chooseVictims(others, bytes);
      if (victims === undefined) throw toNoRoom(folder, sizeBytes, heldByOthers(digest), room);
      const freedBytes = await evict(victims).catch((error: unknown) => {
        throw diskFull(folder, bytes, error);
      });
      if (freedBytes >= bytes) break; // otherwise one was ordered meanwhile, and others must go
    }
    reserved.set(digest, sizeBytes);
  };

  const shrink = async () => {
    const { room } = await shortOf('', 0);
    const beyond = heldBytes() - room.limitBytes;
    const free = (await toCandidates()).filter((candidate) => !candidate.isHeld);
    await evict(chooseVictims(free, Math.min(beyond, sum(free))) ?? []);
  };

  const copies = () =>
    [...files].flatMap(([digest, { sizeBytes, isWhole }]: [string, KeptFile]) => (isWhole ? [{ digest, sizeBytes }] : []));

  return {
    pathOf: (digest) => toPath(folder, digest),
    hold: holds.take,
    settled: async (digest) => leaving.get(digest),
    async use(digest, sizeBytes, isHit) {
      counters[isHit ? 'hits' : 'misses'] += 1;
      counters[isHit ? 'hitBytes' : 'missBytes'] += sizeBytes;
      await (await popularity).use(digest);
    },
    makeRoom: (digest, sizeBytes) => inTurn(() => reserve(digest, sizeBytes)),
    settle,
    async drop(digest) {
      await rm(toPath(folder, digest), { force: true });
      settle(digest);
    },
    limit: (bytes) => {
      if (bytes === ordered && limitBytes !== null) return Promise.resolve();
      ordered = bytes;
      // whoever orders does not wait for it, and what cannot go now goes when room is needed
      return inTurn(shrink).catch((error: unknown) => log.warn({ error: String(error) }, 'The cache of weights could not be made smaller'));
    },
    list: () => copies().map((copy) => ({ ...copy, isHeld: isHeld(copy.digest) })),
    report: (): WeightsReport => ({
      heldBytes: heldBytes(),
      limitBytes,
      ...counters,
      copies: copies().slice(-mostReportedCopies),
    }),
  };
}
