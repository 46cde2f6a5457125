import { z } from 'zod';

/**
 * Between gateway and engines one dialect is spoken: OpenAI's, so that the OpenAI door forwards bytes that it does not read.
 *
 * Request: `POST /v1/chat/completions | /v1/completions | /v1/embeddings` with OpenAI's JSON body. Fields that engines of ours
 * understand beyond OpenAI's: `top_k`, `min_p`, `typical_p`, `repeat_penalty`, `repeat_last_n`, `grammar` (GBNF), `raw` (completions:
 * the prompt is not prefixed by anything), `cache_prompt` (default true), `timings` (boolean: the last chunk or the answer
 * carries `timings`, see `Timings`), `truncate` (embeddings: the end of a text that is too long is cut off; default false, an error).
 * Headers: `x-cluster-request-id`, `x-cluster-model` (the name to echo as `model`).
 *
 * Answer: OpenAI's JSON, or `text/event-stream` ending in `data: [DONE]`. Errors before the first byte have the code's status and
 * `{ error: WireError }`. After it: one event `data: {"error": …}` in OpenAI's shape with our `code`, then the end.
 * Trailers: `x-cluster-usage` with `InferenceUsage` as JSON.
 */
export const inferencePaths = ['/v1/chat/completions', '/v1/completions', '/v1/embeddings'] as const;
export type InferencePath = (typeof inferencePaths)[number];

export const inferenceHeaders = {
  requestId: 'x-cluster-request-id',
  model: 'x-cluster-model',
  usage: 'x-cluster-usage',
  /** On answers to clients: which node and replica answered, in the open. */
  node: 'x-cluster-node',
  replica: 'x-cluster-replica',
} as const;

/** What one request cost. Times in milliseconds. */
export const inferenceUsageShape = z.object({
  promptTokens: z.int(),
  cachedTokens: z.int(),
  completionTokens: z.int(),
  queueMs: z.number(),
  promptMs: z.number(),
  generationMs: z.number(),
  /** From the request's arrival at the engine to its first token. */
  firstTokenMs: z.number().nullable(),
  finishReason: z.string(),
});
export type InferenceUsage = z.infer<typeof inferenceUsageShape>;

/** llama-server's words, so that its users feel at home: `_n` are tokens, `_ms` milliseconds. */
export interface Timings {
  readonly cache_n: number;
  readonly prompt_n: number;
  readonly prompt_ms: number;
  readonly predicted_n: number;
  readonly predicted_ms: number;
  readonly queue_ms: number;
}
