import type { LoadSample } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { Gateway } from '../gateway/gateway.ts';

interface Deps {
  readonly gateway: Pick<Gateway, 'measure'>;
  readonly clock: Clock;
}

const STEP_MS = 2000;
const KEPT_MS = 10 * 60_000;
const MOST_SAMPLES = KEPT_MS / STEP_MS;

/** How busy the cluster was lately, so that a chart has a past when somebody opens it. */
export interface LoadRecorder {
  /** Oldest first. A gap between two of them is a time in which this process did not run. */
  samples(): readonly LoadSample[];
  /** Looks every `STEP_MS` until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
}

/** Keeps the last ten minutes in memory, and nothing that is older. */
export function createLoadRecorder({ gateway, clock }: Deps): LoadRecorder {
  const kept: LoadSample[] = [];

  function look(): void {
    const { tokensPerSecond, active, queued } = gateway.measure();
    kept.push({ at: new Date(clock.now()).toISOString(), tokensPerSecond, activeRequests: active, queuedRequests: queued });
    if (kept.length > MOST_SAMPLES) kept.shift();
  }

  return {
    samples: () => [...kept],
    async run(signal) {
      while (!signal.aborted) {
        look();
        await clock.sleep(STEP_MS, signal).catch(() => {});
      }
    },
  };
}
