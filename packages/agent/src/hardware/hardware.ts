import type { HardwareFacts, NodeMetrics } from '@cluster-ai/contracts';

/** What this machine is and how busy it is. */
export interface Hardware {
  readonly facts: HardwareFacts;
  /** The newest sample, at most two seconds old. `tokensPerSecond` is filled in by the caller. */
  metrics(): Omit<NodeMetrics, 'tokensPerSecond'>;
}
