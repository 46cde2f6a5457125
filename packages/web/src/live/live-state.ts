import type { ClusterEvent } from '@cluster-ai/contracts';

/** How far back the chart of tokens per second goes: one point about every two seconds. */
const MOST_POINTS = 450;

export interface LoadPoint {
  readonly at: number;
  readonly tokensPerSecond: number;
  readonly activeRequests: number;
  readonly queuedRequests: number;
}

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

/** The state after the connection was lost. What was measured stays. */
export function noteLoss(state: LiveState): LiveState {
  return state.phase === 'offline' ? state : { ...state, phase: 'offline' };
}

/** The state after an event; only measurements of the whole cluster change it. */
export function noteEvent(state: LiveState, event: ClusterEvent, at: number): LiveState {
  if (event.type !== 'cluster.measured') return state;
  const { tokensPerSecond, activeRequests, queuedRequests } = event;
  return { ...state, load: [...state.load, { at, tokensPerSecond, activeRequests, queuedRequests }].slice(-MOST_POINTS) };
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
