import { availableParallelism } from 'node:os';
import { ClusterError, type EngineOptions, type Phrase, phrase } from '@cluster-ai/contracts';
import {
  GgufInsights,
  getLlama,
  type Llama,
  type LlamaContext,
  LlamaLogLevel,
  LlamaLogLevelGreaterThanOrEqual,
  type LlamaModel,
  readGgufFileInfo,
} from 'node-llama-cpp';
import { type ContextSize, chooseThreads, toContextCandidates } from './choose-size.ts';

export interface LoadedModel {
  readonly llama: Llama;
  readonly model: LlamaModel;
  /** Undefined for a model that only embeds. */
  readonly context: LlamaContext | undefined;
  readonly size: ContextSize;
  readonly threads: number;
}

export interface LoadOptions {
  readonly path: string;
  readonly options: EngineOptions;
  readonly availableMemoryBytes: number;
  readonly onProgress: (progress: number) => void;
}

/** Small enough that a batch of prompt tokens can be kept short, large enough that it never limits a fast machine. */
const batchTokens = 512;
/** What the process itself and its buffers need beside weights and context. */
const reservedBytes = 96 * 1024 * 1024;
/** Of what the weights leave free, so much is taken when nobody said how large the context shall be: other models want to live here too. */
const unaskedShare = 0.5;

/** llama.cpp tells its reasons only in its log. */
function createReasonLog() {
  const lines: string[] = [];
  return {
    take(level: LlamaLogLevel, message: string) {
      if (!LlamaLogLevelGreaterThanOrEqual(level, LlamaLogLevel.error)) return;
      lines.push(message.trim());
      process.stderr.write(`${message.trim()}\n`);
      if (lines.length > 20) lines.shift();
    },
    /** The first error is the cause; what follows are its consequences. */
    reason: () => lines.find((line) => line !== ''),
  };
}

type ReasonLog = ReturnType<typeof createReasonLog>;

const withReason = (said: Phrase, log: ReasonLog): readonly Phrase[] => {
  const reason = log.reason();
  return reason === undefined ? [said] : [said, phrase('llama_says', { words: reason.replace(/\.?$/, '.') })];
};

async function readInsights(path: string, llama: Llama, log: ReasonLog): Promise<GgufInsights> {
  try {
    const info = await readGgufFileInfo(path, { logWarnings: false, sourceType: 'filesystem' });
    return await GgufInsights.from(info, llama);
  } catch (cause) {
    throw new ClusterError('invalid_model_file', withReason(phrase('llama_cannot_read_header'), log), { cause });
  }
}

function checkKind(insights: GgufInsights) {
  const architecture = insights.ggufFileInfo.metadata.general?.architecture ?? 'unknown';
  if (!insights.isSupportedByLlamaCpp) throw new ClusterError('unsupported_feature', phrase('llama_lacks_architecture', { architecture }));
  if (insights.hasEncoder && insights.hasDecoder)
    throw new ClusterError('unsupported_feature', phrase('encoder_and_decoder', { architecture }));
}

function tooLarge(needed: number, available: number, size?: ContextSize): ClusterError {
  const values = { needed: Math.ceil(needed), free: Math.max(0, Math.floor(available)) };
  const message = size
    ? phrase('context_needs_memory', { parallel: size.parallel, context: size.contextSize, ...values })
    : phrase('model_needs_memory', values);
  return new ClusterError('not_enough_memory', message, {
    hint: phrase('use_a_smaller_model'),
    details: { neededBytes: Math.ceil(needed), availableBytes: Math.floor(available) },
  });
}

async function loadWeights(llama: Llama, insights: GgufInsights, wishes: LoadOptions, log: ReasonLog): Promise<LlamaModel> {
  if (llama.gpu === false) {
    const { cpuRam } = await insights.estimateModelResourceRequirementsV2({ gpuLayers: 0 });
    if (cpuRam + reservedBytes > wishes.availableMemoryBytes) throw tooLarge(cpuRam + reservedBytes, wishes.availableMemoryBytes);
  }
  try {
    return await llama.loadModel({
      modelPath: wishes.path,
      gpuLayers: llama.gpu === false ? 0 : (wishes.options.gpuLayers ?? 'auto'),
      onLoadProgress: wishes.onProgress,
    });
  } catch (cause) {
    if (cause instanceof ClusterError) throw cause;
    throw new ClusterError('invalid_model_file', withReason(phrase('llama_refused_file'), log), { cause });
  }
}

/** The first candidate that fits; with everything left open only a share of the free memory is taken. */
async function chooseContext(llama: Llama, model: LlamaModel, insights: GgufInsights, wishes: LoadOptions) {
  const { options, availableMemoryBytes } = wishes;
  const weights = llama.gpu === false ? model.size : 0;
  const freeRam = availableMemoryBytes - weights - reservedBytes;
  const freeVram = llama.gpu === false ? 0 : (await llama.getVramState()).free;
  const isUnasked = options.contextSize === undefined || options.parallel === undefined;
  const candidates = toContextCandidates(model.trainContextSize, options);
  const measured: { size: ContextSize; ram: number; vram: number }[] = [];
  for (const size of candidates) {
    const { cpuRam, gpuVram } = await insights.estimateContextResourceRequirementsV2({
      contextSize: size.contextSize,
      sequences: size.parallel,
      modelGpuLayers: model.gpuLayers,
      batchSize: batchTokens,
      flashAttention: model.flashAttentionSupported,
    });
    measured.push({ size, ram: cpuRam, vram: gpuVram });
  }
  const fits = (share: number) => measured.find(({ ram, vram }) => ram <= freeRam * share && vram <= freeVram * (share === 1 ? 1 : 0.9));
  const chosen = fits(isUnasked ? unaskedShare : 1) ?? fits(1);
  if (chosen) return chosen.size;
  const smallest = measured.toSorted((a, b) => a.ram + a.vram - b.ram - b.vram)[0];
  const needed = weights + reservedBytes + (smallest?.ram ?? 0) + (smallest?.vram ?? 0);
  throw tooLarge(needed, availableMemoryBytes + freeVram, smallest?.size);
}

async function openContext(model: LlamaModel, size: ContextSize, threads: number, log: ReasonLog): Promise<LlamaContext> {
  try {
    return await model.createContext({
      contextSize: size.contextSize,
      sequences: size.parallel,
      batchSize: Math.min(batchTokens, size.contextSize * size.parallel),
      threads,
      flashAttention: model.flashAttentionSupported,
      failedCreationRemedy: false,
      ignoreMemorySafetyChecks: true, // ours were stricter, and know of control groups
    });
  } catch (cause) {
    throw new ClusterError(
      'not_enough_memory',
      withReason(phrase('context_not_made', { parallel: size.parallel, context: size.contextSize }), log),
      {
        cause,
      },
    );
  }
}

/** Loads a model file with limits in mind. Throws ClusterError `invalid_model_file`, `unsupported_feature` or `not_enough_memory`. */
export async function loadModel(wishes: LoadOptions): Promise<LoadedModel> {
  const log = createReasonLog();
  const llama = await getLlama({
    build: 'never',
    skipDownload: true,
    gpu: wishes.options.gpuLayers === 0 ? false : 'auto',
    logLevel: LlamaLogLevel.warn,
    logger: log.take,
    progressLogs: false,
    maxThreads: wishes.options.threads ?? 0,
  });
  const threads = chooseThreads(Math.min(llama.cpuMathCores, availableParallelism()), wishes.options.threads);
  llama.maxThreads = threads;
  const insights = await readInsights(wishes.path, llama, log);
  checkKind(insights);
  const model = await loadWeights(llama, insights, wishes, log);
  if (!insights.hasDecoder) {
    const contextSize = Math.min(model.trainContextSize, wishes.options.contextSize ?? model.trainContextSize);
    return { llama, model, context: undefined, size: { contextSize, parallel: 1 }, threads };
  }
  const size = await chooseContext(llama, model, insights, wishes);
  const context = await openContext(model, size, threads, log);
  return { llama, model, context, size: { contextSize: context.contextSize, parallel: size.parallel }, threads };
}
