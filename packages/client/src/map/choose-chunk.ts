/** A chunk that ended: how many items it had, and how long a worker was busy with it. */
export interface MeasuredChunk {
  readonly items: number;
  readonly busyMs: number;
}

/** How much larger than what was measured a chunk may be: one slow item more or less must not decide for thousands. */
const GROWTH = 10;
const RECENT = 16;
const MOST_ITEMS = 50_000;

/**
 * How many items the next chunk takes, so that a worker is busy with it for about `targetMs`: less, and handing out costs more than the
 * work. One until something was measured. Larger chunks count for more, because handing out weighs less in them. Pure.
 */
export function chooseChunk(measured: readonly MeasuredChunk[], targetMs: number): number {
  const recent = measured.slice(-RECENT);
  if (recent.length === 0) return 1;
  const items = recent.reduce((sum, chunk) => sum + chunk.items, 0);
  const busyMs = recent.reduce((sum, chunk) => sum + Math.max(chunk.busyMs, 0.001), 0);
  const largest = Math.max(...recent.map((chunk) => chunk.items));
  return Math.max(1, Math.min(Math.ceil((targetMs * items) / busyMs), largest * GROWTH, MOST_ITEMS));
}
