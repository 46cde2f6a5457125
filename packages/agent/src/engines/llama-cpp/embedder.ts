import { ClusterError } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { LlamaEmbeddingContext, LlamaModel, Token } from 'node-llama-cpp';
import type { EmbeddingRequest, Embeddings } from '../openai-dialect/index.ts';
import { checkTextLength, cutText, type Vocabulary } from './vocabulary.ts';

export interface Embedder {
  embed(request: EmbeddingRequest, signal: AbortSignal): Promise<Embeddings>;
}

export interface EmbedderOptions {
  readonly model: LlamaModel;
  readonly vocabulary: Vocabulary;
  readonly contextSize: number;
  readonly threads: number;
  readonly clock: Clock;
}

/** Pooling over all tokens (mean, first token) must see the whole text in one batch; the last token's vector need not. */
const wholeTextPoolings = [1, 2];
/** Generation waits while a batch of a text is computed, so batches are short. */
const usualBatchTokens = 64;

function normalise(vector: readonly number[]): Float32Array {
  const length = Math.hypot(...vector);
  return Float32Array.from(vector, (value) => (length === 0 ? 0 : value / length));
}

const toMs = (ms: number) => Math.round(ms * 100) / 100;

/** Makes vectors of length one. Its context is made with the first request and then kept; texts go one after another. */
export function createEmbedder({ model, vocabulary, contextSize, threads, clock }: EmbedderOptions): Embedder {
  let context: Promise<LlamaEmbeddingContext> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const dimensions = model.embeddingVectorSize;

  const openContext = () => {
    const { pooling_type: pooling } = model.fileInfo.architectureMetadata as { pooling_type?: number };
    const isWhole = !model.fileInsights.hasDecoder || wholeTextPoolings.includes(pooling ?? 0);
    return model.createEmbeddingContext({
      contextSize,
      batchSize: isWhole ? contextSize : Math.min(contextSize, usualBatchTokens),
      threads,
      ignoreMemorySafetyChecks: true,
    });
  };

  const getContext = async () => {
    context ??= openContext();
    try {
      return await context;
    } catch (cause) {
      context = undefined;
      throw new ClusterError('not_enough_memory', 'There is no memory for the context that embeddings need.', { cause });
    }
  };

  /** A begin and an end token may be added, and one place stays free. */
  const mostTokens = contextSize - 3;

  const toTokens = (text: string | readonly number[]) => {
    if (typeof text !== 'string') return text;
    checkTextLength(text, contextSize, 'input');
    return vocabulary.tokenize(text, { hasBegin: false });
  };

  /** The beginning of a text that is too long, as Ollama takes it. */
  const toCutTokens = (text: string | readonly number[]) =>
    toTokens(typeof text === 'string' ? cutText(text, contextSize) : text).slice(0, mostTokens);

  const checkText = (tokens: readonly number[], index: number) => {
    vocabulary.checkTokens(tokens, `input[${index}]`);
    if (tokens.length === 0) throw new ClusterError('invalid_request', 'A text to embed is empty.', { param: `input[${index}]` });
    if (tokens.length <= mostTokens) return;
    throw new ClusterError(
      'context_length_exceeded',
      `Text ${index} has ${tokens.length} tokens, and this replica embeds at most ${mostTokens}.`,
      {
        param: `input[${index}]`,
      },
    );
  };

  const embedAll = async (texts: readonly (readonly number[])[], signal: AbortSignal) => {
    const open = await getContext();
    const vectors: Float32Array[] = [];
    for (const tokens of texts) {
      signal.throwIfAborted();
      vectors.push(normalise((await open.getEmbeddingFor(tokens.slice() as Token[])).vector));
    }
    return vectors;
  };

  return {
    async embed({ input, dimensions: wanted, truncate = false }, signal) {
      if (wanted !== undefined && wanted !== dimensions)
        throw new ClusterError('unsupported_feature', `This model makes vectors of ${dimensions} numbers; it cannot make shorter ones.`, {
          param: 'dimensions',
        });
      const arrivedAt = clock.monotonic();
      const texts = input.map(truncate ? toCutTokens : toTokens);
      for (const [index, tokens] of texts.entries()) checkText(tokens, index);
      const turn = last.then(() => clock.monotonic());
      const work = turn.then(() => embedAll(texts, signal));
      last = work.catch(() => {});
      const vectors = await work;
      const startedAt = await turn;
      const usage = {
        promptTokens: texts.reduce((sum, { length }) => sum + length, 0),
        cachedTokens: 0,
        completionTokens: 0,
        queueMs: toMs(startedAt - arrivedAt),
        promptMs: toMs(clock.monotonic() - startedAt),
        generationMs: 0,
        firstTokenMs: null,
        finishReason: 'stop',
      };
      return { vectors, usage };
    },
  };
}
