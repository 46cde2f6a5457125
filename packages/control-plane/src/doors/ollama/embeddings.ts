import type { InferenceAnswer } from '../../gateway/gateway.ts';
import { readWhole } from '../../gateway/read-answer.ts';
import { toStatistics } from './times.ts';

interface EmbeddingAnswer {
  readonly data: readonly { readonly index: number; readonly embedding: readonly number[] }[];
  readonly usage?: { readonly prompt_tokens: number };
}

/** Vectors in the order of their inputs, and the figures; no vectors when nothing was asked. */
export async function toEmbeddings(served: InferenceAnswer | undefined, elapsedMs: () => number) {
  const answer: EmbeddingAnswer =
    served === undefined ? { data: [] } : (JSON.parse((await readWhole(served.body)).toString('utf8')) as EmbeddingAnswer);
  const end = { finishReason: 'stop', promptTokens: answer.usage?.prompt_tokens ?? 0, completionTokens: 0, timings: undefined };
  const { total_duration, load_duration, prompt_eval_count } = toStatistics(end, elapsedMs());
  const inOrder = answer.data.toSorted((a, b) => a.index - b.index);
  return { embeddings: inOrder.map(({ embedding }) => embedding), total_duration, load_duration, prompt_eval_count };
}
