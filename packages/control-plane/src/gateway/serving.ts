import type { ModelMeter } from '../observability/metrics.ts';
import type { Deployment } from '../reconciler/deployments.ts';
import type { ResolvedModel } from '../registry/registry.ts';
import type { BegunAnswer, Leg } from './call-replica.ts';
import type { InferenceCall } from './gateway.ts';
import type { ReadyReplica } from './replica-index.ts';
import type { RetryBudget } from './retry-budget.ts';
import type { Tries } from './tries.ts';

/** One request on its way. */
export interface Serving {
  readonly call: InferenceCall;
  readonly leg: Leg;
  readonly model: ResolvedModel;
  readonly deployment: Deployment;
  readonly meter: ModelMeter;
  readonly tries: Tries;
  readonly budget: RetryBudget;
  readonly beganMs: number;
  readonly waitUntilMs: number;
}

/** A replica that counts this request among its own until `vacate`, which may be called again. */
export interface Taken {
  readonly replica: ReadyReplica;
  readonly vacate: () => void;
}

export interface Begun extends Taken {
  readonly answer: BegunAnswer;
}
