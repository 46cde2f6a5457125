import { type LoadPoint, MOST_POINTS } from './load-points.ts';

/** What the page knows about its connection, and what it has measured since it was opened. Times are epoch milliseconds. */
export interface LiveState {
  readonly phase: 'connecting' | 'live' | 'offline';
  readonly lastActivityAt: number | undefined;
  readonly load: readonly LoadPoint[];
}

export const initialLiveState: LiveState = { phase: 'connecting', lastActivityAt: undefined, load: [] };

/** The state after something arrived. */
export function noteActivity(state: LiveState, at: number): LiveState {
  return { ...state, phase: 'live', lastActivityAt: at };
}

/** The state after the connection was lost. What was measured stays; the line of the chart is broken here. */
export function noteLoss(state: LiveState, at: number): LiveState {
  return state.phase === 'offline' ? state : { ...addPoint(state, { at, tokensPerSecond: null }), phase: 'offline' };
}

/** The state after a look at how fast the cluster is. A rate that has not changed is a point too: the cluster tells only changes. */
export function noteRate(state: LiveState, tokensPerSecond: number, at: number): LiveState {
  return state.phase === 'live' ? addPoint(state, { at, tokensPerSecond }) : state;
}

function addPoint(state: LiveState, point: LoadPoint): LiveState {
  return { ...state, load: [...state.load, point].slice(-MOST_POINTS) };
}

/** How fresh the page's data are, in the words of the connection dot. */
export function toFreshness(
  { phase, lastActivityAt }: LiveState,
  now: number,
): { readonly kind: 'connecting' | 'live' | 'late' | 'offline'; readonly ageMs: number } {
  const ageMs = lastActivityAt === undefined ? 0 : Math.max(0, now - lastActivityAt);
  if (phase !== 'live') return { kind: phase, ageMs };
  return { kind: ageMs > LATE_AFTER_MS ? 'late' : 'live', ageMs };
}

/** The server says something every 15 seconds even when nothing happens. */
const LATE_AFTER_MS = 20_000;
