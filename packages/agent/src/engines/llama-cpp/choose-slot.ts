/** A slot that nobody uses, with what it still remembers. */
export interface FreeSlot {
  readonly id: number;
  readonly tokens: readonly number[];
  /** Grows with every use; the smallest was used longest ago. */
  readonly lastUse: number;
}

/** A shorter common beginning is quicker evaluated again than it is worth a badly placed slot. */
const worthKeepingTokens = 16;

export function commonPrefixLength(a: readonly number[], b: readonly number[]): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}

/** Into how many runs of neighbouring ids these slots fall. The runtime computes each run on its own. */
export function countRuns(slots: readonly number[]): number {
  const sorted = slots.toSorted((a, b) => a - b);
  return sorted.filter((id, index) => index === 0 || id !== (sorted[index - 1] ?? 0) + 1).length;
}

/**
 * The free slot for this prompt: the one that remembers most of it; where none remembers enough, the one that leaves the busy slots
 * in the fewest runs, and of those the one that was used longest ago.
 */
export function chooseSlot(free: readonly FreeSlot[], busy: readonly number[], prompt: readonly number[]): FreeSlot | undefined {
  const ranked = free.map((slot) => {
    const common = commonPrefixLength(slot.tokens, prompt);
    return { slot, kept: common >= worthKeepingTokens ? common : 0, runs: countRuns([...busy, slot.id]) };
  });
  ranked.sort((a, b) => b.kept - a.kept || a.runs - b.runs || a.slot.lastUse - b.slot.lastUse || a.slot.id - b.slot.id);
  return ranked[0]?.slot;
}
