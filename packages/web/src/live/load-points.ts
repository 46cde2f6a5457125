import type { LoadHistory } from '@cluster-ai/contracts';

export interface LoadPoint {
  /** Epoch milliseconds, by the page's clock. */
  readonly at: number;
  /** Null where nothing was known: a gap in the line. */
  readonly tokensPerSecond: number | null;
}

/** How far back the chart goes: 15 minutes of a point every two seconds. */
export const MOST_POINTS = 450;
/** Points further apart have a time between them in which nobody looked. */
const GAP_MS = 10_000;

/** What the cluster remembers, by the page's clock, which may not be that of the cluster. `nowMs` is when it came. */
export function toLoadPoints({ now, samples }: LoadHistory, nowMs: number): readonly LoadPoint[] {
  const ahead = nowMs - Date.parse(now);
  return samples.map(({ at, tokensPerSecond }) => ({ at: Date.parse(at) + ahead, tokensPerSecond }));
}

const isApart = (before: LoadPoint | undefined, after: LoadPoint | undefined) =>
  before !== undefined && after !== undefined && after.at - before.at > GAP_MS;

const gapAfter = ({ at }: LoadPoint): LoadPoint => ({ at: at + 1, tokensPerSecond: null });

/** The cluster's past and what the page saw itself, as one line: the past where there is one, with gaps where nobody looked. */
export function joinPast(past: readonly LoadPoint[], own: readonly LoadPoint[]): readonly LoadPoint[] {
  const [first, last] = [past[0], past.at(-1)];
  if (!first || !last) return own;
  const earlier = own.filter(({ at }) => at < first.at);
  const later = own.filter(({ at }) => at > last.at);
  const line = [...earlier.slice(-1), ...past, ...later.slice(0, 1)];
  const known = line.flatMap((point, index) => {
    const next = line[index + 1];
    return next && isApart(point, next) ? [point, gapAfter(point)] : [point];
  });
  return [...earlier.slice(0, -1), ...known, ...later.slice(1)].slice(-MOST_POINTS);
}
