import type { Config } from '@cluster-ai/contracts';
import { leastLoaded } from './least-loaded.ts';
import type { Policy } from './policy.ts';
import { predictive } from './predictive.ts';
import { roundRobin } from './round-robin.ts';

/** By the names that the configuration knows. */
export const policies: Readonly<Record<Config['inference']['policy'], Policy>> = {
  predictive,
  least_loaded: leastLoaded,
  round_robin: roundRobin,
};
