import { ClusterError } from '@cluster-ai/contracts';
import { type Llama, type LlamaContext, LlamaGrammarEvaluationState, type LlamaModel } from 'node-llama-cpp';
import type { BatchItem, Decoder, Sampled, Sampler } from './decoder.ts';
import type { SamplingSettings } from './sampling.ts';

/*
 * The library's own scheduling loses half of the speed with eight streams (see design.md), so this file goes one level below its
 * typed interface, to the addon that its classes wrap. The version is pinned exactly, and `openAddon` checks at start that
 * everything used here is there.
 */

/** Where logits lie until the next decode. */
type LogitPlace = number;

interface AddonSampler {
  applyConfig(config: Readonly<Record<string, unknown>>): void;
  dispose(): void;
}

/** A grammar, and how far an answer has come in it. */
type GrammarState = object;

interface AddonSamplerClass {
  new (model: object): AddonSampler;
  canBeNextTokenForGrammarEvaluationState(state: GrammarState, token: number): boolean;
  acceptGrammarEvaluationStateToken(state: GrammarState, token: number): void;
}

type LogitsAnswer = readonly [token: number, probabilities: unknown, confidence: unknown, logits?: readonly number[], totalWeight?: number];

interface AddonContext {
  initBatch(size: number): void;
  addToBatch(slot: number, position: number, tokens: Uint32Array, logitIndexes: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  sampleToken(place: LogitPlace, sampler: AddonSampler): Promise<number>;
  sampleToken(
    place: LogitPlace,
    sampler: AddonSampler,
    probabilities: false,
    confidence: false,
    logits: readonly [tokens: readonly number[], max: false, min: false, selected: false, top: number],
    totalWeight: true,
  ): Promise<LogitsAnswer>;
  disposeSequence(slot: number): void;
  removeTokenCellsFromSequence(slot: number, start: number, end: number): boolean;
  getSequenceKvCacheMinPosition(slot: number): number;
}

interface Addon {
  readonly context: AddonContext;
  createSampler(): AddonSampler;
  grammarState(grammar: NonNullable<SamplingSettings['grammar']>, saidTokens: readonly number[]): GrammarState;
}

const contextMethods = [
  'initBatch',
  'addToBatch',
  'decodeBatch',
  'sampleToken',
  'disposeSequence',
  'removeTokenCellsFromSequence',
  'getSequenceKvCacheMinPosition',
] as const;
const grammarMethods = ['canBeNextTokenForGrammarEvaluationState', 'acceptGrammarEvaluationStateToken'] as const;

function openAddon(llama: Llama, model: LlamaModel, context: LlamaContext): Addon {
  const { _ctx: inner } = context as unknown as { _ctx?: AddonContext };
  const { _model: innerModel } = model as unknown as { _model?: object };
  const { _bindings: bindings } = llama as unknown as { _bindings?: { AddonSampler?: AddonSamplerClass } };
  const Sampler = bindings?.AddonSampler;
  const isMissing =
    !inner ||
    !innerModel ||
    !Sampler ||
    contextMethods.some((name) => typeof inner[name] !== 'function') ||
    grammarMethods.some((name) => typeof Sampler[name] !== 'function');
  if (isMissing)
    throw new ClusterError('unsupported_feature', 'This version of node-llama-cpp is not the one that Cluster AI was built for.', {
      hint: 'Run npm ci to install the version that the lockfile names.',
    });
  return {
    context: inner,
    createSampler: () => new Sampler(innerModel),
    grammarState(grammar, saidTokens) {
      const { _state: state } = new LlamaGrammarEvaluationState({ model, grammar }) as unknown as { _state: GrammarState };
      for (const token of saidTokens) {
        if (!Sampler.canBeNextTokenForGrammarEvaluationState(state, token)) throw strayed();
        Sampler.acceptGrammarEvaluationStateToken(state, token);
      }
      return state;
    },
  };
}

const strayed = () =>
  new ClusterError('engine_error', 'The answer so far does not follow the grammar that it was asked for, so it cannot be continued.');

const withoutUndefined = (config: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));

function toAddonConfig(settings: SamplingSettings, grammarState: unknown) {
  const hasPenalty = settings.repeatPenalty !== 1 || settings.frequencyPenalty !== 0 || settings.presencePenalty !== 0;
  return withoutUndefined({
    temperature: settings.temperature,
    topK: settings.topK,
    topP: settings.topP,
    minP: settings.minP,
    seed: settings.seed,
    ...(hasPenalty && settings.repeatLastN > 0
      ? {
          repeatPenalty: settings.repeatPenalty,
          repeatPenaltyMaxTokens: settings.repeatLastN,
          repeatPenaltyTokens: Uint32Array.from(settings.recentTokens),
          repeatPenaltyFrequencyPenalty: settings.frequencyPenalty,
          repeatPenaltyPresencePenalty: settings.presencePenalty,
        }
      : {}),
    ...(settings.logitBias.size > 0
      ? { tokenBiasKeys: Uint32Array.from(settings.logitBias.keys()), tokenBiasValues: Float32Array.from(settings.logitBias.values()) }
      : {}),
    grammarEvaluationState: grammarState,
  });
}

/** [token, logit, token, logit, …] and the sum of exp(logit - highest) become natural log-probabilities. */
function toLogprobs([, , , logits = [], totalWeight = 1]: LogitsAnswer, chosen: number, top: number) {
  const pairs = Array.from({ length: logits.length / 2 }, (_, i) => ({ token: logits[2 * i] ?? -1, logit: logits[2 * i + 1] ?? 0 }));
  const zero = (pairs[0]?.logit ?? 0) + Math.log(totalWeight);
  const ranked = pairs.slice(0, top).map(({ token, logit }) => ({ token, logprob: logit - zero }));
  const own = pairs.find(({ token }) => token === chosen);
  return { chosen: own ? own.logit - zero : Number.NEGATIVE_INFINITY, top: ranked };
}

interface PlaceSampler extends Sampler {
  sample(place: LogitPlace): Promise<Sampled>;
}

/** Its logits are the model's own: neither temperature nor penalties nor a grammar touched them. */
function createAddonSampler(addon: Addon, settings: SamplingSettings): PlaceSampler {
  const { context } = addon;
  const picker = addon.createSampler();
  const { grammar, saidTokens } = settings;
  picker.applyConfig(toAddonConfig(settings, grammar && addon.grammarState(grammar, saidTokens)));
  const observer = settings.topLogprobs === undefined ? undefined : addon.createSampler();
  observer?.applyConfig({ temperature: 0 });
  const sample = async (place: LogitPlace): Promise<Sampled> => {
    const token = await context.sampleToken(place, picker);
    if (!observer || token === -1) return { token };
    const top = settings.topLogprobs ?? 0;
    // at least one of the strongest is asked for: the highest logit is what the weights are relative to
    const answer = await context.sampleToken(place, observer, false, false, [[token], false, false, false, Math.max(1, top)], true);
    return { token, logprobs: toLogprobs(answer, token, top) };
  };
  return {
    sample,
    dispose() {
      picker.dispose();
      observer?.dispose();
    },
  };
}

/** On processors the time that our threads really ran; a graphics card leaves only the clock on the wall. */
function createComputeClock(llama: Llama, threads: number): () => number {
  if (llama.gpu !== false) return () => performance.now();
  return () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000 / threads;
  };
}

const nothing = new Uint32Array(0);

/** Needs a process that was started with `oneThreadEnvironment`. */
export function createAddonDecoder(llama: Llama, model: LlamaModel, context: LlamaContext): Decoder {
  const addon = openAddon(llama, model, context);
  const { context: inner } = addon;
  const windowSize = model.fileInsights.swaSize;

  const samplers = new WeakMap<Sampler, PlaceSampler>();

  const addItem = ({ slot, position, tokens, sampler }: BatchItem) => {
    const places = inner.addToBatch(slot, position, Uint32Array.from(tokens), sampler ? Uint32Array.of(tokens.length - 1) : nothing);
    const own = sampler && samplers.get(sampler);
    return own ? [{ sampler: own, place: places[0] ?? -1 }] : [];
  };
  /** With a sliding window the cells before it are gone, so that an earlier position cannot be continued from. */
  const isReachable = (slot: number, length: number) => {
    const oldest = inner.getSequenceKvCacheMinPosition(slot);
    return oldest <= Math.max(0, windowSize ? length - windowSize : 0);
  };
  return {
    slots: context.totalSequences,
    contextSize: context.contextSize,
    batchSize: context.batchSize,
    async decode(items) {
      inner.initBatch(items.reduce((sum, item) => sum + item.tokens.length, 0));
      const wanted = items.flatMap(addItem);
      // all are queued at once: the pool has one thread, which goes from the decode to the samples without asking us in between
      const decoded = inner.decodeBatch();
      const sampled = Promise.allSettled(wanted.map(({ sampler, place }) => sampler.sample(place)));
      await Promise.allSettled([decoded, sampled]);
      await decoded;
      return sampled;
    },
    keepPrefix(slot, length) {
      if (length > 0 && isReachable(slot, length) && inner.removeTokenCellsFromSequence(slot, length, -1)) return true;
      inner.disposeSequence(slot);
      return length === 0;
    },
    computeMs: createComputeClock(llama, context.idealThreads),
    isEnd: (token) => model.isEogToken(token as Parameters<LlamaModel['isEogToken']>[0]),
    createSampler(settings) {
      const sampler = createAddonSampler(addon, settings);
      samplers.set(sampler, sampler);
      return sampler;
    },
  };
}
