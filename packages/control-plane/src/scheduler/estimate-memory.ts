import type { ModelFacts } from '@cluster-ai/contracts';

/** The engine's own process, before any weights: measured for a Node child with the inference library loaded. */
const PROCESS_BYTES = 64 * 1024 ** 2;
/** Beside the weights an engine holds compute buffers and tables of about a tenth of them. */
const WEIGHTS_FACTOR = 1.1;
const BYTES_PER_VALUE = 2; // keys and values are kept as 16-bit floats
/** Where nobody chose, the engine takes what fits; this is the least that makes a model worth loading. */
const DEFAULT_CONTEXT = 4096;

export interface MemoryDemand {
  readonly fileBytes: number;
  readonly facts: Pick<ModelFacts, 'blockCount' | 'headCount' | 'headCountKv' | 'embeddingLength' | 'contextLength'>;
  /** Tokens per sequence; undefined: the node chooses. */
  readonly contextSize: number | undefined;
  readonly parallel: number | undefined;
}

/** Bytes of keys and values for one token; 0 where the file does not say what it is made of. */
export function cacheBytesPerToken({ blockCount, headCount, headCountKv, embeddingLength }: MemoryDemand['facts']): number {
  if (!blockCount || !headCount || !embeddingLength) return 0;
  const headLength = embeddingLength / headCount;
  return 2 * blockCount * (headCountKv ?? headCount) * headLength * BYTES_PER_VALUE;
}

/** What a replica will need, in bytes: process, weights, and the cache of its context. */
export function estimateMemory({ fileBytes, facts, contextSize, parallel }: MemoryDemand): number {
  const context = contextSize ?? Math.min(DEFAULT_CONTEXT, facts.contextLength ?? DEFAULT_CONTEXT);
  return Math.ceil(PROCESS_BYTES + fileBytes * WEIGHTS_FACTOR + cacheBytesPerToken(facts) * context * (parallel ?? 1));
}
