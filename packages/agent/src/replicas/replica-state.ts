import { type Condition, type ConditionDetails, type ReasonCode, toCondition } from '@cluster-ai/contracts';
import type { RunningEngine } from '../engines/engine.ts';

interface Trouble {
  readonly reason: ReasonCode;
  readonly details: ConditionDetails;
}

/** The life of one replica on this node. */
export type ReplicaState =
  | { readonly phase: 'preparing'; readonly step: 'fetching_weights' | 'checking_weights'; readonly progress: number | null }
  | { readonly phase: 'queued' }
  | { readonly phase: 'loading'; readonly progress: number | null }
  | { readonly phase: 'serving'; readonly engine: RunningEngine }
  | ({ readonly phase: 'pausing' } & Trouble)
  | ({ readonly phase: 'failed' } & Trouble)
  | { readonly phase: 'stopping' }
  | { readonly phase: 'stopped' };

type Phase = ReplicaState['phase'];

/** `pausing` is the wait before another try; it begins again with the weights, which may have changed hands meanwhile. */
export const moves: Readonly<Record<Phase, readonly Phase[]>> = {
  preparing: ['preparing', 'queued', 'pausing', 'failed', 'stopping'],
  queued: ['loading', 'failed', 'stopping'], // failed: while it waited, another replica showed that the file kills the engine
  loading: ['loading', 'serving', 'pausing', 'failed', 'stopping'],
  serving: ['pausing', 'failed', 'stopping'],
  pausing: ['preparing', 'stopping'],
  failed: ['stopping'],
  stopping: ['stopped'],
  stopped: [],
};

/** The next state. Throws on a move that the table does not allow: that would be a mistake of ours. */
export function move(from: ReplicaState, to: ReplicaState): ReplicaState {
  if (!moves[from.phase].includes(to.phase)) throw new Error(`A replica cannot move from ${from.phase} to ${to.phase}.`);
  return to;
}

/** The state in the words that everybody sees. */
export function describeState(state: ReplicaState, nowMs: number): Condition {
  switch (state.phase) {
    case 'preparing':
      return toCondition('starting', state.step, nowMs);
    case 'queued':
      return toCondition('starting', 'queued_for_start', nowMs);
    case 'loading':
      return toCondition('starting', state.progress === null ? 'engine_starting' : 'loading_model', nowMs);
    case 'serving':
      return toCondition('ready', 'serving', nowMs);
    case 'pausing':
      return toCondition('starting', state.reason, nowMs, state.details);
    case 'failed':
      return toCondition('failed', state.reason, nowMs, state.details);
    case 'stopping':
      return toCondition('draining', 'stopped_by_request', nowMs);
    case 'stopped':
      return toCondition('stopped', 'stopped_by_request', nowMs);
  }
}

export const progressOf = (state: ReplicaState): number | null =>
  state.phase === 'preparing' || state.phase === 'loading' ? state.progress : null;
