export interface KnownCost {
  readonly size: number;
  readonly ms: number;
}

/** What work of a size typically costs, learnt from what it did cost. A few times must have been seen before it counts as known. */
export interface TypicalCosts {
  record(size: number, ms: number): void;
  of(size: number): number | undefined;
  known(): readonly KnownCost[];
  /** What can be said already, be it from a single time. */
  guess(size: number): number | undefined;
}

const enoughSamples = 3;
const keptSamples = 9;
/** What was bad is tried again now and then: it may have been measured in a bad moment. */
const staleAfterLessons = 500;

/** Other load on the machine makes some work slower and none faster, so the quicker samples tell more. */
const typicalOf = (samples: readonly number[]) => samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 3)] ?? 0;

interface Entry {
  readonly samples: readonly number[];
  readonly ms: number;
  readonly learntAt: number;
}

export function createTypicalCosts(): TypicalCosts {
  const entries = new Map<number, Entry>();
  let lessons = 0;
  const isKnown = (entry: Entry) => entry.samples.length >= enoughSamples && lessons - entry.learntAt < staleAfterLessons;
  return {
    record(size, ms) {
      lessons++;
      const samples = [...(entries.get(size)?.samples ?? []), ms].slice(-keptSamples);
      entries.set(size, { samples, ms: typicalOf(samples), learntAt: lessons });
    },
    of(size) {
      const entry = entries.get(size);
      return entry && isKnown(entry) ? entry.ms : undefined;
    },
    known: () => [...entries].flatMap(([size, entry]) => (isKnown(entry) ? [{ size, ms: entry.ms }] : [])),
    guess: (size) => entries.get(size)?.ms,
  };
}
