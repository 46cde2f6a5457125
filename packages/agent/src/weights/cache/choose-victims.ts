export interface Candidate {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly popularity: number;
  /** A replica runs on it or was ordered. */
  readonly isHeld: boolean;
}

const sum = (files: readonly Candidate[]) => files.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);

/** The least popular ones, in their order, until they make enough room. */
function takeLeastPopular(candidates: readonly Candidate[], neededBytes: number): Candidate[] {
  const taken: Candidate[] = [];
  for (const candidate of candidates.toSorted((a, b) => a.popularity - b.popularity)) {
    if (sum(taken) >= neededBytes) break;
    taken.push(candidate);
  }
  return taken;
}

/** One large file at the end may make those before it unnecessary: the most popular of them stay. */
function spareUnneeded(taken: readonly Candidate[], neededBytes: number): Candidate[] {
  let surplus = sum(taken) - neededBytes;
  return taken
    .toReversed()
    .filter(({ sizeBytes }) => {
      const isSpared = sizeBytes <= surplus;
      if (isSpared) surplus -= sizeBytes;
      return !isSpared;
    })
    .toReversed();
}

/**
 * Which files go so that `neededBytes` become free; `undefined` when all that may go is too little. Pure.
 * What earns a file its place is uses per byte and time, which for files that are read whole is how often they are used: their size decides
 * only how many must go. A scan of strangers replaces itself and nothing else.
 */
export function chooseVictims(files: readonly Candidate[], neededBytes: number): readonly Candidate[] | undefined {
  if (neededBytes <= 0) return [];
  const free = files.filter(({ isHeld }) => !isHeld);
  const taken = takeLeastPopular(free, neededBytes);
  return sum(taken) >= neededBytes ? spareUnneeded(taken, neededBytes) : undefined;
}
