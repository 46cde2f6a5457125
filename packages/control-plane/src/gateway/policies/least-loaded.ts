import { byCost, type Policy } from './policy.ts';

/** The replica with the smallest share of its slots taken. */
export const leastLoaded: Policy = (candidates, _ask, random) =>
  byCost(candidates, ({ inFlight, parallel }) => inFlight / parallel, random);
