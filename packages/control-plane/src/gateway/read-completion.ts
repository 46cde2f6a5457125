import type { Readable } from 'node:stream';
import { fromWireError, type Timings } from '@cluster-ai/contracts';
import { readEventData } from './read-answer.ts';

/** One piece of a streamed chat completion, for those who need the text and not the bytes. */
export type CompletionPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'finish'; readonly reason: string }
  | { readonly type: 'usage'; readonly promptTokens: number; readonly completionTokens: number; readonly timings?: Timings };

interface Chunk {
  readonly choices?: readonly { readonly delta?: { readonly content?: string | null }; readonly finish_reason?: string | null }[];
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number } | null;
  readonly timings?: Timings;
  readonly error?: { readonly message?: string; readonly code?: string };
}

function* toParts(chunk: Chunk): Iterable<CompletionPart> {
  if (chunk.error) throw fromWireError(chunk.error, 'engine_error', chunk.error.message ?? 'The engine failed.');
  const [choice] = chunk.choices ?? [];
  if (choice?.delta?.content) yield { type: 'text', text: choice.delta.content };
  if (choice?.finish_reason) yield { type: 'finish', reason: choice.finish_reason };
  if (chunk.usage)
    yield {
      type: 'usage',
      promptTokens: chunk.usage.prompt_tokens,
      completionTokens: chunk.usage.completion_tokens,
      ...(chunk.timings ? { timings: chunk.timings } : {}),
    };
}

/** Reads streamed chat chunks. Throws what the stream's error event says, or `engine_error` when it ends without `[DONE]`. */
export async function* readCompletion(body: Readable): AsyncIterable<CompletionPart> {
  for await (const data of readEventData(body)) yield* toParts(JSON.parse(data) as Chunk);
}
