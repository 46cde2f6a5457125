import { type Condition, phrase, type ReasonCode, type Sentence, type State, toCondition } from '@cluster-ai/contracts';
import { backoffMs, type ChildExit } from '@cluster-ai/runtime';
import type { WorkerFailure } from './worker-messages.ts';

/** How one run of a worker's process went. */
export interface WorkerEnd {
  readonly exit: ChildExit;
  readonly wasReady: boolean;
  readonly livedMs: number;
  readonly failure: WorkerFailure | undefined;
  /** Ends in a row after a short life, before this. */
  readonly failures: number;
}

export type AfterEnd =
  | { readonly type: 'again'; readonly afterMs: number; readonly failures: number; readonly condition: Condition }
  /** Another try with the same order changes nothing. */
  | { readonly type: 'give-up'; readonly condition: Condition };

const healthyAfterMs = 30_000;
const failedAfter = 3;
const firstPauseMs = 250;
/** Short enough for a worker to be back soon after whatever kept it from starting is over. */
const longestPauseMs = 5000;

/**
 * A worker ends with its scheduler, and starts again by nature: only an end that no scheduler explains is a crash. A few of them in a row
 * are a failure, of which people hear while it is still tried again. Pure.
 */
export function decideAfterEnd({ exit, wasReady, livedMs, failure, failures }: WorkerEnd, nowMs: number): AfterEnd {
  const say = (state: State, reason: ReasonCode, message?: Sentence) =>
    toCondition(state, reason, nowMs, message === undefined ? {} : { message });
  if (failure !== undefined && failure.code !== 'worker_crashed')
    return { type: 'give-up', condition: say('stopped', failure.code, failure.message) };
  const counted = (livedMs >= healthyAfterMs ? 0 : failures) + 1;
  const again = { type: 'again', afterMs: backoffMs(counted - 1, firstPauseMs, longestPauseMs), failures: counted } as const;
  if (wasReady && exit.code === 0) return { ...again, condition: say('starting', 'worker_starting') };
  const state = counted >= failedAfter ? 'failed' : 'starting';
  return { ...again, condition: say(state, 'worker_crashed', describeEnd(exit, failure)) };
}

function describeEnd({ code, signal }: ChildExit, failure: WorkerFailure | undefined): Sentence {
  const ended = phrase('worker_ended', { cause: signal ?? `exit code ${code}` });
  return failure === undefined ? ended : [ended, phrase('worker_said', { text: failure.message })];
}
