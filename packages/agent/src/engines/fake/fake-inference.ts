import { ClusterError, type Continuation, type InferenceUsage } from '@cluster-ai/contracts';
import type { FakeModel } from '@cluster-ai/formats';
import type { AnswerWriter, ChatRequest, CompletionRequest, Exchange, InferenceHandlers } from '../openai-dialect/index.ts';
import { createPacer } from './pacer.ts';
import { type AnswerPiece, type PlannedAnswer, planChat, planCompletion, toTokens } from './plan-answer.ts';
import type { Slots } from './slots.ts';

/** What happened so far, for those who test with this engine. */
export interface FakeCounts {
  started: number;
  finished: number;
  /** Requests whose caller went away before their end. */
  aborted: number;
  tokens: number;
}

/** A reader that lets so much lie is waited for. */
const MAX_PENDING_BYTES = 256 * 1024;

function refuseUnscripted(request: ChatRequest | CompletionRequest): void {
  const isWanted = {
    logprobs: request.logprobs !== undefined && request.logprobs !== false,
    grammar: request.grammar !== undefined,
    echo: 'echo' in request && request.echo === true,
    suffix: 'suffix' in request && request.suffix !== undefined,
  };
  for (const [param, isRefused] of Object.entries(isWanted))
    if (isRefused) throw new ClusterError('unsupported_feature', `The fake engine has no ${param}.`, { param });
}

function say(answer: AnswerWriter, choice: number, piece: AnswerPiece): void {
  if ('text' in piece) answer.text(choice, piece.text);
  else answer.toolCall(choice, piece.toolCall);
}

const countTokens = (texts: readonly string[]) => texts.reduce((sum, text) => sum + toTokens(text).length, 0);

/** Answers of the script, at the script's speed. */
export function createFakeInference(script: FakeModel, slots: Slots, counts: FakeCounts): InferenceHandlers {
  const pacer = createPacer();

  const emit = (answer: AnswerWriter, plans: readonly PlannedAnswer[], index: number) => {
    if (index === script.crashAfterTokens) process.kill(process.pid, 'SIGKILL');
    for (const [choice, plan] of plans.entries()) {
      if (index >= plan.count) continue;
      say(answer, choice, plan.pieceAt(index));
      counts.tokens++;
    }
  };

  /** Choices go side by side, as in a real batch. A continued one goes on after what was said. */
  const generate = async (
    plans: readonly PlannedAnswer[],
    promptTokens: number,
    { signal }: Exchange,
    answer: AnswerWriter,
    continuation: Continuation | undefined,
  ) => {
    const saidCount = plans[0]?.saidCount ?? 0;
    const cameAt = performance.now();
    counts.started++;
    try {
      using _slot = await slots.enter(signal);
      const startedAt = performance.now();
      const row = {
        count: Math.max(...plans.map((plan) => plan.count)) - saidCount,
        firstMs: script.firstTokenMs,
        everyMs: 1000 / script.tokensPerSecond,
        emit: (index: number) => emit(answer, plans, saidCount + index),
        isHeld: () => answer.pendingBytes > MAX_PENDING_BYTES,
      };
      await pacer.run(row, signal);
      for (const [choice, plan] of plans.entries()) answer.finish(choice, plan.finishReason);
      const completionTokens = plans.reduce((sum, plan) => sum + plan.count, 0);
      const saidMs = continuation?.generationMs ?? 0;
      answer.end(toUsage(promptTokens, completionTokens, { cameAt, startedAt, saidMs }, plans[0]?.finishReason ?? 'stop'));
      counts.finished++;
    } catch (error) {
      if (signal.aborted) counts.aborted++;
      throw error;
    }
  };

  const toUsage = (
    promptTokens: number,
    completionTokens: number,
    { cameAt, startedAt, saidMs = 0 }: { cameAt: number; startedAt: number; saidMs?: number },
    finishReason: string,
  ): InferenceUsage => ({
    promptTokens,
    cachedTokens: 0,
    completionTokens,
    queueMs: startedAt - cameAt,
    promptMs: script.firstTokenMs,
    generationMs: saidMs + Math.max(0, performance.now() - startedAt - script.firstTokenMs),
    firstTokenMs: completionTokens === 0 ? null : startedAt - cameAt + script.firstTokenMs,
    finishReason,
  });

  const repeat = (plans: readonly PlannedAnswer[], times = 1) => plans.flatMap((plan) => Array.from({ length: times }, () => plan));

  return {
    async chat(request, exchange, answer) {
      refuseUnscripted(request);
      const promptTokens = countTokens(request.messages.map((message) => message.content ?? ''));
      await generate(repeat([planChat(script, request)], request.n), promptTokens, exchange, answer, request.continuation);
    },
    async complete(request, exchange, answer) {
      refuseUnscripted(request);
      const promptTokens = countTokens(request.prompt.filter((prompt) => typeof prompt === 'string'));
      await generate(repeat(planCompletion(script, request), request.n), promptTokens, exchange, answer, request.continuation);
    },
    async embed(request, { signal }) {
      if (!script.embedding) throw new ClusterError('unsupported_feature', 'The script of the fake engine has no embedding.');
      const cameAt = performance.now();
      using _slot = await slots.enter(signal);
      const vector = Float32Array.from(script.embedding);
      const promptTokens = countTokens(request.input.filter((text) => typeof text === 'string'));
      const usage = toUsage(promptTokens, 0, { cameAt, startedAt: performance.now() }, 'stop');
      return { vectors: request.input.map(() => vector), usage };
    },
  };
}
