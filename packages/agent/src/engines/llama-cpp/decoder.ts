import type { SamplingSettings } from './sampling.ts';

/** A run of tokens of one slot, to be evaluated from `position` on. */
export interface BatchItem {
  readonly slot: number;
  readonly position: number;
  readonly tokens: readonly number[];
  /** Whether the next token will be sampled after the last of these. */
  readonly wantsNext: boolean;
}

/** Where the logits of an item lie until the next decode. */
export type LogitPlace = number;

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
  sample(place: LogitPlace): Promise<Sampled>;
  dispose(): void;
}

/** The inference runtime as the lock-step driver sees it: one context with numbered slots. No two of its methods may run at once, `sample` apart. */
export interface Decoder {
  readonly slots: number;
  /** Tokens that one slot holds. */
  readonly contextSize: number;
  /** Tokens that one decode takes. */
  readonly batchSize: number;
  /** Evaluates the items in this order and says where the wanted logits lie, one place for each item that wants one. */
  decode(items: readonly BatchItem[]): Promise<readonly LogitPlace[]>;
  /** Forgets what the slot holds from `length` on; false when it could only forget everything, which it then did. */
  keepPrefix(slot: number, length: number): boolean;
  isEnd(token: number): boolean;
  createSampler(settings: SamplingSettings): Sampler;
}
