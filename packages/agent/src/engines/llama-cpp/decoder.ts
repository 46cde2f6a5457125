import type { SamplingSettings } from './sampling.ts';

/** A run of tokens of one slot, to be evaluated from `position` on. */
export interface BatchItem {
  readonly slot: number;
  readonly position: number;
  readonly tokens: readonly number[];
  /** Picks the token after the last of these; absent while a prompt is not read to its end. */
  readonly sampler: Sampler | undefined;
}

export interface RawLogprobs {
  readonly chosen: number;
  /** Strongest first. */
  readonly top: readonly { readonly token: number; readonly logprob: number }[];
}

export interface Sampled {
  /** -1 when nothing could be sampled. */
  readonly token: number;
  readonly logprobs?: RawLogprobs;
}

/** Picks tokens for one generation and remembers what it picked (penalties, grammar). */
export interface Sampler {
  dispose(): void;
}

/** The inference runtime as the lock-step driver sees it: one context with numbered slots. No two of its methods may run at once. */
export interface Decoder {
  readonly slots: number;
  /** Tokens that one slot holds. */
  readonly contextSize: number;
  /** Tokens that one decode takes. */
  readonly batchSize: number;
  /**
   * Evaluates the items in this order, and gives what was sampled for each item that has a sampler, in the same order; a sampling that failed does not
   * fail the others. Rejects when the runtime refuses the batch.
   */
  decode(items: readonly BatchItem[]): Promise<readonly PromiseSettledResult<Sampled>[]>;
  /** Forgets what the slot holds from `length` on; false when it could only forget everything, which it then did. */
  keepPrefix(slot: number, length: number): boolean;
  isEnd(token: number): boolean;
  /** A clock that tells what work costs: it stands still as far as possible while others use the machine. Milliseconds. */
  computeMs(): number;
  createSampler(settings: SamplingSettings): Sampler;
}
