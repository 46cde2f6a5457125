import {
  ClusterError,
  type Condition,
  type ErrorCode,
  hintOf,
  isSameCondition,
  messageOf,
  phrase,
  sentencesOf,
} from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { Outlook } from '../reconciler/reconciler.ts';

interface WaitOptions<Value> {
  readonly digest: string;
  /** The model as people name it. */
  readonly model: string;
  /** What is waited for; undefined: not yet. */
  readonly find: () => Value | undefined;
  readonly untilMs: number;
  readonly onWaiting: ((condition: Condition) => void) | undefined;
  readonly signal: AbortSignal;
}

/** The code for callers of each reason why a model cannot be loaded; every other reason is `model_failed`. */
const codes: Partial<Record<Condition['reason'], ErrorCode>> = {
  not_enough_memory: 'not_enough_memory',
  no_node: 'no_ready_node',
  no_ready_node: 'no_ready_node',
  unsupported_model: 'unsupported_feature',
};

function toDetails({ condition, progress, nodeName }: Outlook) {
  return { state: condition.state, reason: condition.reason, node: nodeName, progress };
}

function toLoadError(model: string, outlook: Outlook): ClusterError {
  const { condition } = outlook;
  const story = [phrase('could_not_be_loaded', { model }), ...sentencesOf(messageOf(condition))];
  return new ClusterError(codes[condition.reason] ?? 'model_failed', story, { hint: hintOf(condition), details: toDetails(outlook) });
}

function toStillLoading(model: string, outlook: Outlook): ClusterError {
  return new ClusterError('model_loading', [phrase('not_ready_yet', { model }), ...sentencesOf(messageOf(outlook.condition))], {
    hint: phrase('goes_on_loading'),
    details: toDetails(outlook),
    retryAfterSeconds: 5,
  });
}

/** Where requests wait for a replica that answers. Whoever waits is told why, and is sent away as soon as waiting is no use. */
export function createWaitingRoom({ outlook, clock }: { readonly outlook: (digest: string) => Outlook; readonly clock: Clock }) {
  let bell = Promise.withResolvers<void>();
  /** One look per model and ring, however many wait. */
  const outlooks = new Map<string, Outlook>();
  const lookOnce = (digest: string): Outlook => {
    const known = outlooks.get(digest) ?? outlook(digest);
    outlooks.set(digest, known);
    return known;
  };

  async function waitFor<Value>(options: WaitOptions<Value>, over: Promise<never>): Promise<Value> {
    let told: Condition | undefined;
    for (;;) {
      const found = options.find();
      if (found !== undefined) return found;
      const view = lookOnce(options.digest);
      if (view.isFinal) throw toLoadError(options.model, view);
      if (told === undefined || !isSameCondition(told, view.condition)) options.onWaiting?.(view.condition);
      told = view.condition;
      await Promise.race([bell.promise, over]);
    }
  }
  return {
    /** Something changed: everybody looks again. */
    ring(): void {
      outlooks.clear();
      bell.resolve();
      bell = Promise.withResolvers();
    },
    /** Resolves when something has changed; at the latest with the next look of the reconciler. */
    nextRing: (): Promise<void> => bell.promise,
    /** Throws why the model cannot be loaded, `model_loading` when the time is over, `cancelled` when the caller went away. */
    async wait<Value>(options: WaitOptions<Value>): Promise<Value> {
      const timer = new AbortController();
      const onAbort = () => timer.abort();
      options.signal.addEventListener('abort', onAbort, { once: true });
      const over = clock.sleep(Math.max(0, options.untilMs - clock.monotonic()), timer.signal).then(
        () => {
          throw toStillLoading(options.model, outlook(options.digest));
        },
        () => {
          throw new ClusterError('cancelled', 'The caller went away.');
        },
      );
      over.catch(() => {});
      try {
        if (options.signal.aborted) throw new ClusterError('cancelled', 'The caller went away.');
        return await waitFor(options, over);
      } finally {
        options.signal.removeEventListener('abort', onAbort);
        timer.abort();
      }
    },
  };
}
export type WaitingRoom = ReturnType<typeof createWaitingRoom>;
