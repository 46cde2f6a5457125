/** How much each digest was used, older uses counting less. Time is counted in uses: a quiet week forgets nothing. */
export interface Popularity {
  use(digest: string): void;
  /** Comparable between digests at one moment; 0 for one that was never used. */
  of(digest: string): number;
  toRecord(): PopularityRecord;
}

/** What is written to disk. Of digests that are no longer kept too: one that comes back is no stranger. */
export interface PopularityRecord {
  readonly uses: number;
  readonly known: Readonly<Record<string, Count>>;
}

interface Count {
  /** As it was at `at`. */
  readonly value: number;
  /** Number of the use at which it was taken. */
  readonly at: number;
}

/** A use counts half after as many uses as this times the digests that are known. Chosen by bench/cache; see design.md. */
export const HALF_LIFE_PER_DIGEST = 10;
const MAX_KNOWN = 2048;

export function createPopularity(record: PopularityRecord = { uses: 0, known: {} }): Popularity {
  let { uses } = record;
  const known = new Map(Object.entries(record.known));

  const of = (digest: string) => {
    const count = known.get(digest);
    return count === undefined ? 0 : count.value * 2 ** -((uses - count.at) / (HALF_LIFE_PER_DIGEST * known.size));
  };
  const forgetLeast = () => {
    const digests = [...known.keys()];
    known.delete(digests.reduce((least, digest) => (of(digest) < of(least) ? digest : least)));
  };

  return {
    of,
    use(digest) {
      uses += 1;
      known.set(digest, { value: of(digest) + 1, at: uses });
      if (known.size > MAX_KNOWN) forgetLeast();
    },
    toRecord: () => ({ uses, known: Object.fromEntries(known) }),
  };
}
