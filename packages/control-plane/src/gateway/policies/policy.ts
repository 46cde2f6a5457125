/** How fast a model was on a node lately: moving averages over its requests. */
export interface Speed {
  readonly prefillTokensPerSecond: number;
  readonly decodeTokensPerSecond: number;
  readonly completionTokens: number;
  /** From the engine's first look at a request to its last token. */
  readonly serviceMs: number;
}

/** A replica that could take the request. */
export interface Candidate {
  readonly replicaId: string;
  /** Requests that we have there right now. */
  readonly inFlight: number;
  /** Sequences that it generates side by side. */
  readonly parallel: number;
  /** Its node's heartbeat is late. */
  readonly isDegraded: boolean;
  /** Undefined until it has answered once. */
  readonly speed: Speed | undefined;
}

/** What is known of the request without reading it. */
export interface Ask {
  readonly promptTokens: number;
  /** Counts requests of the model. */
  readonly turn: number;
}

/** Orders the candidates, best first. Pure; chance is an argument. */
export type Policy = <Item extends Candidate>(candidates: readonly Item[], ask: Ask, random: () => number) => readonly Item[];

/** Sorts by a cost; equal costs come in random order, so that several gateways do not all choose the same. */
export function byCost<Item extends Candidate>(
  candidates: readonly Item[],
  cost: (candidate: Item) => number,
  random: () => number,
): readonly Item[] {
  return candidates
    .map((candidate) => ({ candidate, cost: cost(candidate), tie: random() }))
    .sort((a, b) => Number(a.candidate.isDegraded) - Number(b.candidate.isDegraded) || a.cost - b.cost || a.tie - b.tie)
    .map(({ candidate }) => candidate);
}
