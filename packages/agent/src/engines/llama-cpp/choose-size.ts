import type { EngineOptions } from '@cluster-ai/contracts';

/** One thread where there are at most two cores, else one core is left to everything else. More threads than cores is ruinous. */
export function chooseThreads(cores: number, wish: number | undefined): number {
  return wish ?? (cores <= 2 ? 1 : cores - 1);
}

export interface ContextSize {
  /** Tokens per sequence. */
  readonly contextSize: number;
  readonly parallel: number;
}

/** Larger contexts than this are chosen only where somebody asks for one. */
const largestUnasked = 8192;
const smallestUnasked = 512;
const parallelUnasked = [8, 4, 2, 1];
/** Two thousand tokens weigh as much as one more sequence. */
const tokensPerSequence = 2048;

function toContextSizes(trained: number, wish: number | undefined): number[] {
  if (wish !== undefined) return [Math.min(wish, trained)];
  const sizes: number[] = [];
  for (let size = Math.min(trained, largestUnasked); size >= Math.min(trained, smallestUnasked); size = Math.floor(size / 2))
    sizes.push(size);
  return sizes;
}

/** What the node may try, the best first: balanced between long contexts and many sequences. A wish is kept; a context longer than the trained one is not. */
export function toContextCandidates(trained: number, wishes: Pick<EngineOptions, 'contextSize' | 'parallel'>): readonly ContextSize[] {
  const parallels = wishes.parallel === undefined ? parallelUnasked : [wishes.parallel];
  const candidates = toContextSizes(trained, wishes.contextSize).flatMap((contextSize) =>
    parallels.map((parallel) => ({ contextSize, parallel })),
  );
  const toBalance = ({ contextSize, parallel }: ContextSize) => Math.min(contextSize / tokensPerSequence, parallel);
  const toTotal = ({ contextSize, parallel }: ContextSize) => contextSize * parallel;
  return candidates.toSorted((a, b) => toBalance(b) - toBalance(a) || toTotal(b) - toTotal(a));
}
