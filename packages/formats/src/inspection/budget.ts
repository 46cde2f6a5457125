/** An inspection came to one of its limits: what it looked at is too large, or made to take for ever. */
export class BudgetSpent extends Error {}

export interface InspectionLimits {
  /** Anything read, stepped over or compared counts: an upper bound of the work, the same on every machine. */
  readonly maxSteps: number;
  /** Containers in containers, pickles in pickles. */
  readonly maxDepth: number;
  /** Entries of all archives together. */
  readonly maxEntries: number;
  /** Bytes that are unpacked into memory, all of them together. */
  readonly maxUnpackedBytes: number;
  /** Bytes that are unpacked into memory, or kept as one piece, at once. */
  readonly maxPieceBytes: number;
  /** Bytes that are read only to compare a checksum. */
  readonly maxCheckedBytes: number;
}

export const defaultLimits: InspectionLimits = {
  maxSteps: 50_000_000,
  maxDepth: 4,
  maxEntries: 200_000,
  maxUnpackedBytes: 512 * 1024 * 1024,
  maxPieceBytes: 64 * 1024 * 1024,
  maxCheckedBytes: 1024 * 1024 * 1024,
};

export interface Budget {
  readonly limits: InspectionLimits;
  /** Throws BudgetSpent once more was done than the limits allow. */
  spend(what: 'steps' | 'entries' | 'unpackedBytes' | 'checkedBytes', amount: number): void;
  /** Whether so much is left. */
  has(what: 'checkedBytes', amount: number): boolean;
  /** The steps so far. */
  readonly steps: number;
}

export function createBudget(limits: InspectionLimits): Budget {
  const left = {
    steps: limits.maxSteps,
    entries: limits.maxEntries,
    unpackedBytes: limits.maxUnpackedBytes,
    checkedBytes: limits.maxCheckedBytes,
  };
  return {
    limits,
    spend: (what, amount) => {
      left[what] -= amount;
      if (!(left[what] >= 0)) throw new BudgetSpent(`more ${what} than allowed`);
    },
    has: (what, amount) => left[what] >= amount,
    get steps() {
      return limits.maxSteps - left.steps;
    },
  };
}
