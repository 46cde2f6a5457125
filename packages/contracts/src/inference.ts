import { z } from 'zod';

/**
 * Between gateway and engines one dialect is spoken: OpenAI's, so that the OpenAI door forwards bytes that it does not read.
 *
 * Request: `POST /v1/chat/completions | /v1/completions | /v1/embeddings` with OpenAI's JSON body. Fields that engines of ours
 * understand beyond OpenAI's: `top_k`, `min_p`, `typical_p`, `repeat_penalty`, `repeat_last_n`, `grammar` (GBNF), `raw` (completions:
 * the prompt is not prefixed by anything), `cache_prompt` (default true), `timings` (boolean: the last chunk or the answer
 * carries `timings`, see `Timings`), `truncate` (embeddings: the end of a text that is too long is cut off; default false, an error),
 * `continuation` (of the gateway alone, see `Continuation`).
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
  /** On the answer to a request with a `continuation`: the engine goes on from there. Without it nothing of that answer is used. */
  continues: 'x-cluster-continues',
  /** On answers to clients: which node and replica answered, in the open. */
  node: 'x-cluster-node',
  replica: 'x-cluster-replica',
} as const;

/**
 * An answer that another replica began and could not end: one choice, streamed. The engine reads the prompt and then `text` as what the model
 * has said already, and streams only what follows: no role, no word of `text` again. `max_tokens` and the answer's usage count `text` in,
 * a grammar stands where `text` ends, and `text_offset` goes on from its length. The header `continues` says that the engine does all this.
 */
export const continuationShape = z.object({
  /** What the caller has, whole characters. */
  text: z.string(),
  /** Seconds since 1970: all chunks of one answer carry the same. */
  created: z.int(),
  /** How long `text` took to generate, in milliseconds. */
  generationMs: z.number().min(0),
});
export type Continuation = z.infer<typeof continuationShape>;

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
