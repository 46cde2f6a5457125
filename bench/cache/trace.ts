export interface Trace {
  readonly sizes: readonly number[];
  /** How often each is asked for, in the long run; what no cache can know. */
  readonly popularity: readonly number[];
  readonly requests: readonly Request[];
}

export interface Request {
  readonly model: number;
  /** Part of the scan: it goes through the cache, but its own bytes are not counted. */
  readonly isScan: boolean;
}

export interface TraceOptions {
  readonly seed: number;
  /** Exponent of Zipf's law. */
  readonly alpha: number;
  readonly models: number;
  readonly requests: number;
  /** Asks once for every model in the middle. */
  readonly withScan: boolean;
  /** After so many requests some models change places; 0 for never. */
  readonly driftEvery: number;
}

const SMALLEST_GB = 0.5;
const LARGEST_GB = 20;
const KIB_PER_GB = 1e9 / 1024;
const CHANGED_PLACES = 10;

/** Mulberry32: small, even, and the same everywhere. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Each order of magnitude as likely as the others, as with embeddings, small and large models side by side. In KiB. */
const toSize = (chance: number) => Math.round(SMALLEST_GB * (LARGEST_GB / SMALLEST_GB) ** chance * KIB_PER_GB);

export function makeTrace({ seed, alpha, models, requests, withScan, driftEvery }: TraceOptions): Trace {
  const random = createRandom(seed);
  const pick = (count: number) => Math.floor(random() * count);
  const sizes = Array.from({ length: models }, () => toSize(random()));
  const byRank = Array.from({ length: models }, (_, model) => model);
  const swap = (a: number, b: number) => ([byRank[a], byRank[b]] = [byRank[b] as number, byRank[a] as number]);
  for (let last = models - 1; last > 0; last--) swap(last, pick(last + 1));
  const popularity = Array.from({ length: models }, (_, model) => (byRank.indexOf(model) + 1) ** -alpha);

  let total = 0;
  const upTo = byRank.map((_, rank) => (total += (rank + 1) ** -alpha));
  const list: Request[] = [];
  for (let request = 0; request < requests; request++) {
    if (driftEvery > 0 && request % driftEvery === driftEvery - 1)
      for (let i = 0; i < CHANGED_PLACES; i++) swap(pick(models), pick(models));
    if (withScan && request === Math.floor(requests / 2)) for (let model = 0; model < models; model++) list.push({ model, isScan: true });
    const chance = random() * total;
    list.push({ model: byRank[upTo.findIndex((bound) => bound >= chance)] as number, isScan: false });
  }
  return { sizes, popularity, requests: list };
}
