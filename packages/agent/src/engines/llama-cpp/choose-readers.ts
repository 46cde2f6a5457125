/** A prompt that is being read. */
export interface Reader {
  readonly slot: number;
  /** The step in which a piece of it was read last, or in which it came. */
  readonly lastRead: number;
}

/** Pieces shorter than this waste the batch: its fixed cost is that of many tokens. */
const fewestTokensEach = 3;

/**
 * Whose prompts the next batch takes a piece of: neighbours, as many as get a few tokens each, and those that waited longest. The runtime computes equal pieces of
 * neighbouring slots in one go, so all of them are as long as `share`.
 */
export function chooseReaders<Row extends Reader>(
  readers: readonly Row[],
  tokens: number,
): { readonly rows: readonly Row[]; readonly share: number } {
  const ordered = readers.toSorted((a, b) => a.slot - b.slot);
  const most = Math.max(1, Math.floor(tokens / fewestTokensEach));
  const blockCount = Math.ceil(ordered.length / most);
  const size = Math.ceil(ordered.length / blockCount);
  const blocks = Array.from({ length: blockCount }, (_, i) => ordered.slice(i * size, (i + 1) * size)).filter(({ length }) => length > 0);
  const toWait = (block: readonly Row[]) => Math.min(...block.map(({ lastRead }) => lastRead));
  const rows = blocks.toSorted((a, b) => toWait(a) - toWait(b))[0] ?? [];
  return { rows, share: Math.max(1, Math.floor(tokens / Math.max(1, rows.length))) };
}
