/** What a pool is to be decided by. */
export interface PoolView {
  readonly min: number;
  readonly max: number;
  readonly idleSeconds: number;
  /** Machines that could have a worker. */
  readonly available: number;
  readonly threadsPerWorker: number;
  /** Tasks that wait for a worker of it, and that run on one. */
  readonly waiting: number;
  readonly running: number;
  readonly nowMs: number;
}

/** What is remembered from one look to the next. */
export interface PoolState {
  readonly wanted: number;
  /** Since when fewer would do, and the most that was needed meanwhile. */
  readonly low?: { readonly sinceMs: number; readonly most: number };
  readonly why: 'least' | 'demand' | 'idle' | 'most' | 'machines';
}

const clamp = (value: number, least: number, most: number) => Math.max(Math.min(value, most), Math.min(least, most));

/** Why there are as many as needed, and no more. */
function explain(needed: number, { min, max, available }: PoolView): PoolState['why'] {
  if (needed > Math.min(max, available)) return max <= available ? 'most' : 'machines';
  if (needed > min) return 'demand';
  return available < min ? 'machines' : 'least';
}

/**
 * How many workers a pool should have. More are wanted at once; fewer only after they were not needed for `idleSeconds`, and then as many as
 * were at the busiest moment of that time: a pause between two waves of tasks costs nobody a start. Pure.
 */
export function decidePool(before: PoolState | undefined, view: PoolView): PoolState {
  const { min, max, available, idleSeconds, threadsPerWorker, waiting, running, nowMs } = view;
  const needed = Math.ceil((waiting + running) / Math.max(1, threadsPerWorker));
  const most = Math.min(max, available);
  const target = clamp(needed, min, most);
  const wanted = clamp(before?.wanted ?? 0, min, most);
  if (target >= wanted) return { wanted: target, why: explain(needed, view) };
  const low = { sinceMs: before?.low?.sinceMs ?? nowMs, most: Math.max(target, before?.low?.most ?? 0) };
  if (nowMs - low.sinceMs < idleSeconds * 1000) return { wanted, low, why: 'idle' };
  return { wanted: clamp(low.most, min, most), why: explain(needed, view) };
}
