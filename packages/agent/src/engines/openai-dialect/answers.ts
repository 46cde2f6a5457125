import type { InferenceUsage, Timings, WireError } from '@cluster-ai/contracts';

export type FinishReason = 'stop' | 'length' | 'tool_calls';

/** One token's log-probability (natural logarithm) and its strongest rivals. `bytes` is UTF-8. */
export interface TokenLogprob {
  readonly token: string;
  readonly bytes: readonly number[];
  readonly logprob: number;
  readonly top: readonly { readonly token: string; readonly bytes: readonly number[]; readonly logprob: number }[];
}

/** What all chunks of one answer share. */
export interface AnswerHead {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly model: string;
}

/** One tool call as the engine hands it over: complete, or in fragments of `arguments` after a first one that carries the name. */
export interface ToolCallDelta {
  readonly index: number;
  readonly id?: string;
  readonly name?: string;
  readonly arguments: string;
}

/** OpenAI's `usage`, from ours. */
export function toUsage(usage: InferenceUsage) {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedTokens },
  };
}

/** llama-server's `timings`, from ours. `prompt_n` counts the tokens that were really evaluated. */
export function toTimings(usage: InferenceUsage): Timings {
  return {
    cache_n: usage.cachedTokens,
    prompt_n: usage.promptTokens - usage.cachedTokens,
    prompt_ms: usage.promptMs,
    predicted_n: usage.completionTokens,
    predicted_ms: usage.generationMs,
    queue_ms: usage.queueMs,
  };
}

/** `logprobs` of a chat choice. */
export function toChatLogprobs(tokens: readonly TokenLogprob[]) {
  const content = tokens.map(({ token, bytes, logprob, top }) => ({ token, logprob, bytes, top_logprobs: top }));
  return { content, refusal: null };
}

/** `logprobs` of a completion choice. `offset` is where the first of these tokens begins in the whole text. */
export function toCompletionLogprobs(tokens: readonly TokenLogprob[], offset: number) {
  let next = offset;
  const offsets = tokens.map(({ token }) => {
    const start = next;
    next += token.length;
    return start;
  });
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: tokens.map(({ top }) => Object.fromEntries(top.map(({ token, logprob }) => [token, logprob]))),
    text_offset: offsets,
  };
}

export interface ChatDelta {
  readonly role?: 'assistant';
  readonly content?: string | null;
  readonly tool_calls?: readonly object[];
}

/** A tool call in the form of a chunk's `delta.tool_calls`. */
export const toToolCallDelta = ({ index, id, name, arguments: text }: ToolCallDelta) =>
  name === undefined
    ? { index, function: { arguments: text } }
    : { index, id: id ?? '', type: 'function', function: { name, arguments: text } };

const chatChunkHead = ({ id, created, model }: AnswerHead) => ({ id, object: 'chat.completion.chunk', created, model });
const textChunkHead = ({ id, created, model }: AnswerHead) => ({ id, object: 'text_completion', created, model });

export function toChatChunk(
  head: AnswerHead,
  index: number,
  delta: ChatDelta,
  finishReason: FinishReason | null,
  logprobs: readonly TokenLogprob[] | undefined,
) {
  const shown = logprobs === undefined ? {} : { logprobs: toChatLogprobs(logprobs) };
  return { ...chatChunkHead(head), choices: [{ index, delta, ...shown, finish_reason: finishReason }] };
}

export function toCompletionChunk(
  head: AnswerHead,
  index: number,
  text: string,
  finishReason: FinishReason | null,
  logprobs: ReturnType<typeof toCompletionLogprobs> | undefined,
) {
  return { ...textChunkHead(head), choices: [{ index, text, logprobs: logprobs ?? null, finish_reason: finishReason }] };
}

/** The last chunk of a stream whose client asked for usage or timings: it has no choices. */
export function toUsageChunk(
  kind: 'chat' | 'completion',
  head: AnswerHead,
  usage: InferenceUsage,
  wants: { usage: boolean; timings: boolean },
) {
  return {
    ...(kind === 'chat' ? chatChunkHead(head) : textChunkHead(head)),
    choices: [],
    ...(wants.usage ? { usage: toUsage(usage) } : {}),
    ...(wants.timings ? { timings: toTimings(usage) } : {}),
  };
}

export interface CollectedChoice {
  text: string;
  readonly toolCalls: { id: string; name: string; arguments: string }[];
  readonly logprobs: TokenLogprob[];
  finishReason: FinishReason;
}

interface WholeAnswer {
  readonly choices: readonly CollectedChoice[];
  readonly usage: InferenceUsage;
  readonly hasLogprobs: boolean;
  readonly hasTimings: boolean;
}

function toChatMessage({ text, toolCalls }: CollectedChoice) {
  const calls = toolCalls.map(({ id, name, arguments: text }) => ({ id, type: 'function', function: { name, arguments: text } }));
  return {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    refusal: null,
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
}

export function toChatAnswer({ id, created, model }: AnswerHead, { choices, usage, hasLogprobs, hasTimings }: WholeAnswer) {
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: choices.map((choice, index) => ({
      index,
      message: toChatMessage(choice),
      logprobs: hasLogprobs ? toChatLogprobs(choice.logprobs) : null,
      finish_reason: choice.finishReason,
    })),
    usage: toUsage(usage),
    ...(hasTimings ? { timings: toTimings(usage) } : {}),
  };
}

export function toCompletionAnswer({ id, created, model }: AnswerHead, { choices, usage, hasLogprobs, hasTimings }: WholeAnswer) {
  return {
    id,
    object: 'text_completion',
    created,
    model,
    choices: choices.map((choice, index) => ({
      index,
      text: choice.text,
      logprobs: hasLogprobs ? toCompletionLogprobs(choice.logprobs, 0) : null,
      finish_reason: choice.finishReason,
    })),
    usage: toUsage(usage),
    ...(hasTimings ? { timings: toTimings(usage) } : {}),
  };
}

/** Little-endian float32, as OpenAI's clients decode it. */
function toBase64(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString('base64');
}

export function toEmbeddingsAnswer(
  model: string,
  vectors: readonly Float32Array[],
  promptTokens: number,
  encoding: 'float' | 'base64' = 'float',
) {
  const toEmbedding = (vector: Float32Array) => (encoding === 'base64' ? toBase64(vector) : Array.from(vector));
  return {
    object: 'list',
    data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: toEmbedding(vector) })),
    model,
    usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
  };
}

/** An error after the first byte: OpenAI's shape with our code. */
export const toErrorEvent = (error: WireError) => ({ error: { ...error, type: 'server_error', param: error.param ?? null } });
