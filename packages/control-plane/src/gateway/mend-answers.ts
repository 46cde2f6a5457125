import { setImmediate as nextTurn } from 'node:timers/promises';
import { ClusterError, toClusterError } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { AnswerBody } from './answer-body.ts';
import { type ContinuationPlan, planContinuation } from './plan-continuation.ts';
import type { ReadyReplica } from './replica-index.ts';
import type { RetryBudget } from './retry-budget.ts';
import type { Begun, Serving } from './serving.ts';
import { isPassing } from './tries.ts';

interface MenderDeps {
  /** Tries until an answer has begun, and throws what it could not help. */
  readonly begin: (serving: Serving) => Promise<Begun>;
  readonly passOver: (replica: ReadyReplica, serving: Serving, failure: ClusterError) => void;
  readonly budget: RetryBudget;
  readonly clock: Clock;
  readonly loadTimeoutMs: number;
}

/** How long an answer that broke off may stand still until another replica goes on with it. */
const CONTINUE_WITHIN_MS = 60_000;

/** What the caller is told when a break could not be mended: what broke, and why it was not. */
function toUnmended({ code, message }: ClusterError, why: string, cause?: unknown): ClusterError {
  const hint = `It could not be continued: ${why.replace(/\.?$/, '.')} Send the request again.`;
  return new ClusterError(code, message, { hint, cause });
}

/** Aborts when an answer is closed, whoever closed it. */
function signalOf(body: AnswerBody): AbortSignal {
  const closed = new AbortController();
  body.once('close', () => closed.abort());
  if (body.destroyed) closed.abort();
  return closed.signal;
}

/** Has answers that broke off continued by other replicas, from what their callers have. */
export function createMender({ begin, passOver, budget, clock, loadTimeoutMs }: MenderDeps) {
  let planned: Promise<unknown> = Promise.resolve();

  /** When a node takes many answers with it, they are read one per turn of the loop: nobody else waits for all of them. */
  async function plan({ call }: Serving, { record }: AnswerBody): Promise<ContinuationPlan> {
    planned = planned.then(() => nextTurn());
    await planned;
    return planContinuation(call, record?.read(), record?.spanMs ?? 0);
  }

  /** The rest of the request, as one of its own that lives as long as the body that it goes into. */
  function toRest(serving: Serving, body: AnswerBody, plan: ContinuationPlan): Serving {
    const { call } = serving;
    const signal = signalOf(body);
    return {
      ...serving,
      call: plan.type === 'continue' ? { ...call, signal, body: plan.body } : { ...call, signal },
      leg: plan.type === 'continue' ? 'continued' : 'anew',
      budget,
      waitUntilMs: clock.monotonic() + Math.min(CONTINUE_WITHIN_MS, loadTimeoutMs),
    };
  }

  return {
    /** What goes on with `body`, which `lost` filled until it broke; `undefined` when only the end mark is missing. Throws why it cannot be. */
    async mend(serving: Serving, body: AnswerBody, lost: ReadyReplica, failure: ClusterError): Promise<Begun | undefined> {
      if (!isPassing(failure)) throw failure;
      const found = await plan(serving, body);
      if (found.type === 'complete') return undefined;
      if (found.type === 'give-up') throw toUnmended(failure, found.why);
      if (serving.tries.areSpent) throw toUnmended(failure, 'it broke off too often');
      if (!serving.tries.allow(failure, budget)) throw toUnmended(failure, 'too many answers broke off lately');
      const rest = toRest(serving, body, found);
      passOver(lost, rest, failure);
      try {
        return await begin(rest);
      } catch (error) {
        throw toUnmended(failure, toClusterError(error).message, error);
      }
    },
  };
}
