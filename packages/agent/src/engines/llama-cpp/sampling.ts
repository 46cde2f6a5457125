import { samplingDefaults } from '@cluster-ai/contracts';
import type { LlamaGrammar } from 'node-llama-cpp';
import type { ChatRequest, CompletionRequest } from '../openai-dialect/index.ts';

/** How the next token is picked. */
export interface SamplingSettings {
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  readonly seed: number;
  readonly repeatPenalty: number;
  readonly repeatLastN: number;
  readonly frequencyPenalty: number;
  readonly presencePenalty: number;
  readonly logitBias: ReadonlyMap<number, number>;
  /** The end of the prompt, which the penalties count too. */
  readonly recentTokens: readonly number[];
  readonly grammar: LlamaGrammar | undefined;
  /** The beginning of the answer, over which the grammar has to be led first. */
  readonly saidTokens: readonly number[];
  /** How many rivals of each token are told; undefined for no log-probabilities at all. */
  readonly topLogprobs: number | undefined;
}

const mostSeed = 2 ** 32 - 1;
const mostTopK = 1_000_000;
const defaultRepeatLastN = 64;

type SamplingWishes = Pick<
  ChatRequest & CompletionRequest,
  | 'temperature'
  | 'top_k'
  | 'top_p'
  | 'min_p'
  | 'seed'
  | 'repeat_penalty'
  | 'repeat_last_n'
  | 'frequency_penalty'
  | 'presence_penalty'
  | 'logit_bias'
>;

/** What was left out takes llama.cpp's own defaults. `prompt` ends with what was said already; `choice` makes the seeds of several choices differ. */
export function toSamplingSettings(
  wishes: SamplingWishes,
  extras: Pick<SamplingSettings, 'grammar' | 'saidTokens' | 'topLogprobs'> & {
    readonly prompt: readonly number[];
    readonly choice: number;
    readonly contextSize: number;
    readonly randomSeed: () => number;
  },
): SamplingSettings {
  const repeatLastN = wishes.repeat_last_n ?? defaultRepeatLastN;
  const window = repeatLastN === -1 ? extras.contextSize : Math.min(repeatLastN, extras.contextSize);
  const seed = wishes.seed === undefined ? extras.randomSeed() : wishes.seed + extras.choice;
  return {
    temperature: wishes.temperature ?? samplingDefaults.temperature,
    topK: Math.min(wishes.top_k ?? samplingDefaults.top_k, mostTopK),
    topP: wishes.top_p ?? samplingDefaults.top_p,
    minP: wishes.min_p ?? samplingDefaults.min_p,
    seed: ((seed % mostSeed) + mostSeed) % mostSeed,
    repeatPenalty: wishes.repeat_penalty ?? 1,
    repeatLastN: window,
    frequencyPenalty: wishes.frequency_penalty ?? 0,
    presencePenalty: wishes.presence_penalty ?? 0,
    logitBias: new Map(Object.entries(wishes.logit_bias ?? {}).map(([token, bias]) => [Number(token), bias])),
    recentTokens: window === 0 ? [] : extras.prompt.slice(-window),
    grammar: extras.grammar,
    saidTokens: extras.saidTokens,
    topLogprobs: extras.topLogprobs,
  };
}
