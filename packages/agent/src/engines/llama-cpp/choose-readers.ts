/** A prompt that is being read. */
export interface Reader {
  readonly slot: number;
  /** Tokens that are still to be read. */
  readonly remaining: number;
  /** The step in which a piece of it was read last, or in which it came. */
  readonly lastRead: number;
}

/** What a batch costs beside its tokens, in tokens: all weights are read once for each. */
const batchOverheadTokens = 5;

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0);

/** Neighbours only, and at most so many: what does not lie side by side is computed apart, and costs what a batch of its own costs. */
function toBlocks<Row extends Reader>(rows: readonly Row[], size: number): readonly (readonly Row[])[] {
  const blocks: Row[][] = [];
  for (const row of rows) {
    const last = blocks.at(-1);
    if (last && last.length < size && last.at(-1)?.slot === row.slot - 1) last.push(row);
    else blocks.push([row]);
  }
  return blocks;
}

const shareOf = (block: readonly unknown[], tokens: number) => Math.max(1, Math.floor(tokens / block.length));

/** Until the whole block is read. Pieces of one length are computed in one go, others one length after another. */
function costOf(block: readonly Reader[], tokens: number): number {
  const remaining = block.map((reader) => reader.remaining);
  const batches = Math.ceil(Math.max(...remaining) / shareOf(block, tokens));
  const lengths = new Set(remaining).size;
  return (batches + lengths - 1) * batchOverheadTokens + sumOf(remaining);
}

/**
 * Whose prompts the next batch takes a piece of: neighbours, in blocks of the size with which all prompts are read at the least cost, the block first that
 * waited longest. The runtime computes equal pieces of neighbouring slots in one go, so all of them are as long as `share`; only the ends of prompts are shorter.
 */
export function chooseReaders<Row extends Reader>(
  readers: readonly Row[],
  tokens: number,
): { readonly rows: readonly Row[]; readonly share: number } {
  const ordered = readers.toSorted((a, b) => a.slot - b.slot);
  const plans = ordered.slice(0, Math.max(1, tokens)).map((_, i) => {
    const blocks = toBlocks(ordered, i + 1);
    return { blocks, cost: sumOf(blocks.map((block) => costOf(block, tokens))) };
  });
  // of equal plans the one with the largest blocks: prompts that are read together end together, and their answers begin together
  const best = plans.reduceRight((winner, plan) => (plan.cost < winner.cost ? plan : winner));
  const toWait = (block: readonly Row[]) => Math.min(...block.map(({ lastRead }) => lastRead));
  const rows = best.blocks.toSorted((a, b) => toWait(a) - toWait(b))[0] ?? [];
  return { rows, share: Math.min(shareOf(rows, tokens), Math.max(...rows.map(({ remaining }) => remaining))) };
}
