import { randomInt } from 'node:crypto';
import { ClusterError, type InferenceUsage, phrase } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { LlamaGrammar } from 'node-llama-cpp';
import type { AnswerWriter, ChatRequest, CompletionRequest, Exchange, FinishReason, TokenLogprob } from '../openai-dialect/index.ts';
import { createChoiceOutput } from './choice-output.ts';
import type { RawLogprobs } from './decoder.ts';
import type { JobResult, LockStepDriver } from './lock-step-driver.ts';
import { checkPromptLength } from './prompt-length.ts';
import { toSamplingSettings } from './sampling.ts';
import { createStopFilter } from './stop-strings.ts';
import { createTokenText } from './token-text.ts';
import type { ToolCallReader } from './tool-calls.ts';
import type { Vocabulary } from './vocabulary.ts';

export interface GenerationDeps {
  readonly driver: LockStepDriver;
  readonly vocabulary: Vocabulary;
  readonly contextSize: number;
  readonly clock: Clock;
}

/** What chats and completions have become when only tokens are left. */
export interface Generation {
  readonly request: ChatRequest | CompletionRequest;
  readonly prompts: readonly (readonly number[])[];
  readonly maxTokens: number | undefined;
  readonly topLogprobs: number | undefined;
  readonly grammar: LlamaGrammar | undefined;
  /** Finds calls in the text of one choice; absent where no tools were offered. */
  readonly createToolCallReader: (() => ToolCallReader) | undefined;
  /** The beginning of the only choice, which another replica said. */
  readonly said: Said | undefined;
  readonly arrivedAt: number;
}

interface Said {
  readonly text: string;
  readonly tokens: readonly number[];
  readonly generationMs: number;
}

const nothing: Said = { text: '', tokens: [], generationMs: 0 };

/** So many bytes may lie unread before a choice rests. */
const mostPendingBytes = 256 * 1024;
const unreadLimitMs = 60_000;
const keepAliveMs = 10_000;

/** Says when a reader is too slow to go on for, and gives it up when it stays so. */
function createSlowReaderGuard(answer: AnswerWriter, clock: Clock, giveUp: () => void) {
  let since: number | undefined;
  return () => {
    if (answer.pendingBytes < mostPendingBytes) {
      since = undefined;
      return false;
    }
    since ??= clock.monotonic();
    if (clock.monotonic() - since > unreadLimitMs) giveUp();
    return true;
  };
}

const toFinishReason = (reason: JobResult['reason'], callCount: number): FinishReason =>
  callCount > 0 && reason === 'stop' ? 'tool_calls' : reason;

function toUsage(results: readonly JobResult[], generation: Generation, prepareMs: number, finishReason: string): InferenceUsage {
  const perPrompt = results.length / generation.prompts.length;
  const firsts = results.filter((_, i) => i % perPrompt === 0);
  const most = (pick: (result: JobResult) => number) => Math.round(Math.max(...results.map(pick)) * 100) / 100;
  const said = generation.said ?? nothing;
  const promptTokens = generation.prompts.reduce((sum, { length }) => sum + length, 0);
  const firstTokens = results.flatMap(({ firstTokenMs }) => (firstTokenMs === null ? [] : [firstTokenMs + prepareMs]));
  return {
    promptTokens,
    cachedTokens: Math.min(
      promptTokens,
      firsts.reduce((sum, { cachedTokens }) => sum + cachedTokens, 0),
    ),
    completionTokens: results.reduce((sum, { generatedTokens }) => sum + generatedTokens, said.tokens.length),
    queueMs: most(({ queueMs }) => queueMs),
    promptMs: most(({ promptMs }) => promptMs),
    generationMs: most(({ generationMs }) => generationMs + said.generationMs),
    firstTokenMs: firstTokens.length === 0 ? null : Math.round(Math.min(...firstTokens) * 100) / 100,
    finishReason,
  };
}

function createLogprobRenderer({ vocabulary }: GenerationDeps) {
  const detokenize = vocabulary.detokenizer({ showsSpecial: true });
  const toText = (token: number) => ({ token: detokenize([token], []), bytes: [...vocabulary.bytesOf(token)] });
  return (token: number, { chosen, top }: RawLogprobs): TokenLogprob => ({
    ...toText(token),
    logprob: chosen,
    top: top.map((rival) => ({ ...toText(rival.token), logprob: rival.logprob })),
  });
}

/** It must have shown exactly what was said; what it would hold back it would show again. */
function leadReaderOver(reader: ToolCallReader, text: string) {
  if (reader.push(text).text === text) return;
  throw new ClusterError('engine_error', 'The answer so far may be a part of a tool call, so it cannot be continued.');
}

/** Generates all choices side by side and writes them as they come. Rejects with the first failure, after the other choices were stopped. */
export async function generate(deps: GenerationDeps, generation: Generation, exchange: Exchange, answer: AnswerWriter): Promise<void> {
  const { driver, vocabulary, contextSize, clock } = deps;
  const { request, said = nothing } = generation;
  const prompts = generation.prompts.map((prompt) => [...prompt, ...said.tokens]);
  for (const prompt of prompts) {
    vocabulary.checkTokens(prompt, 'prompt');
    checkPromptLength(prompt.length, contextSize);
  }
  vocabulary.checkTokens(Object.keys(request.logit_bias ?? {}).map(Number), 'logit_bias');
  const stopper = new AbortController();
  const signal = AbortSignal.any([exchange.signal, stopper.signal]);
  const isBlocked = createSlowReaderGuard(answer, clock, () => stopper.abort(new ClusterError('cancelled', phrase('reader_took_nothing'))));
  const toLogprob = createLogprobRenderer(deps);
  const perPrompt = request.n ?? 1;
  const prepareMs = clock.monotonic() - generation.arrivedAt;
  const keepAlive = setInterval(() => answer.keepAlive(), keepAliveMs);

  const runChoice = async (prompt: readonly number[], index: number) => {
    const reader = generation.createToolCallReader?.();
    if (reader && said.text !== '') leadReaderOver(reader, said.text);
    let callCount = 0;
    const showPieces = ({ text, calls }: ReturnType<ToolCallReader['push']>, logprobs?: readonly TokenLogprob[]) => {
      clearInterval(keepAlive);
      if (text !== '' || (logprobs && logprobs.length > 0)) answer.text(index, text, logprobs);
      for (const call of calls) answer.toolCall(index, { index: callCount++, ...call });
    };
    const output = createChoiceOutput({
      tokenText: createTokenText(vocabulary.detokenizer({ showsSpecial: reader !== undefined }), said.tokens),
      stopFilter: createStopFilter(request.stop ?? []),
      toLogprob,
      show: (text, logprobs) => showPieces(reader ? reader.push(text) : { text, calls: [] }, logprobs),
    });
    const result = await driver.run({
      prompt,
      maxTokens: generation.maxTokens === undefined ? contextSize : Math.max(0, generation.maxTokens - said.tokens.length),
      sampling: toSamplingSettings(request, {
        grammar: generation.grammar,
        saidTokens: said.tokens,
        topLogprobs: generation.topLogprobs,
        prompt,
        choice: index % perPrompt,
        contextSize,
        randomSeed: () => randomInt(2 ** 32 - 1),
      }),
      mayReusePrefix: request.cache_prompt ?? true,
      signal,
      onToken: output.push,
      isBlocked,
    });
    output.end();
    if (reader) showPieces(reader.end());
    const finishReason = toFinishReason(result.reason, callCount);
    answer.finish(index, finishReason);
    return { result, finishReason };
  };

  const choices = prompts.flatMap((prompt) => Array.from({ length: perPrompt }, () => prompt));
  try {
    const outcomes = await Promise.all(choices.map(runChoice));
    const finishReason = outcomes[0]?.finishReason ?? 'stop';
    answer.end(
      toUsage(
        outcomes.map(({ result }) => result),
        generation,
        prepareMs,
        finishReason,
      ),
    );
  } catch (error) {
    stopper.abort(error);
    throw error;
  } finally {
    clearInterval(keepAlive);
  }
}
