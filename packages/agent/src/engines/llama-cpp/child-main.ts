import { once } from 'node:events';
import { createServer } from 'node:http';
import { type Capability, ClusterError, phrase, toWireError } from '@cluster-ai/contracts';
import { endWithParent, systemClock } from '@cluster-ai/runtime';
import type { EngineFacts } from '../engine.ts';
import { createInferenceListener } from '../openai-dialect/index.ts';
import { createAddonDecoder } from './addon-decoder.ts';
import { availableMemoryBytes } from './available-memory.ts';
import { createChatTemplate } from './chat-template.ts';
import { type ChildMessage, oneThreadEnvironment, type StartMessage } from './child-messages.ts';
import { createEmbedder, type Embedder } from './embedder.ts';
import { createGrammarMaker } from './grammars.ts';
import { createInference } from './inference.ts';
import { type LoadedModel, loadModel } from './load-model.ts';
import { createLockStepDriver, type LockStepDriver } from './lock-step-driver.ts';
import { toSamplingSettings } from './sampling.ts';
import { createVocabulary, type Vocabulary } from './vocabulary.ts';

/*
 * The process of one replica of the embedded engine: loads one model and serves it on a Unix socket. Whatever kills it (a file that llama.cpp
 * asserts on, memory) kills this replica and nothing else.
 */

const clock = systemClock;
const tell = (message: ChildMessage) => void process.send?.(message);

/** Proves that the model works by making it work. */
async function generateOneToken(driver: LockStepDriver, vocabulary: Vocabulary, contextSize: number) {
  const prompt = vocabulary.tokenize('Hello', { hasBegin: true });
  const extras = { grammar: undefined, saidTokens: [], topLogprobs: undefined, prompt, choice: 0, contextSize, randomSeed: () => 1 };
  await driver.run({
    prompt,
    maxTokens: 1,
    sampling: toSamplingSettings({} as Parameters<typeof toSamplingSettings>[0], extras),
    mayReusePrefix: false,
    signal: AbortSignal.timeout(120_000),
    onToken: () => 'more',
    isBlocked: () => false,
  });
}

/** Begins before the model is loaded: the agent takes silence for a process that hangs. */
function reportStats(findDriver: () => LockStepDriver | undefined) {
  const counted = { tokens: 0, at: clock.monotonic() };
  const report = () => {
    const stats = findDriver()?.stats() ?? { busySlots: 0, queued: 0, generatedTokens: 0, computingMs: 0 };
    const now = clock.monotonic();
    const tokensPerSecond = Math.max(0, (1000 * (stats.generatedTokens - counted.tokens)) / Math.max(1, now - counted.at));
    counted.tokens = stats.generatedTokens;
    counted.at = now;
    const { busySlots, queued, computingMs } = stats;
    tell({ type: 'stats', busySlots, queued, computingMs, tokensPerSecond, memoryBytes: process.memoryUsage.rss() });
  };
  setInterval(report, 1000);
  report();
}

const capabilitiesOf = ({ context }: LoadedModel, template: ReturnType<typeof createChatTemplate>): Capability[] => [
  ...(context ? (['completion'] as const) : []),
  ...(context && template ? (['chat'] as const) : []),
  ...(context && template?.knowsTools ? (['tools'] as const) : []),
  'embedding',
];

async function listen(socketPath: string, handlers: ReturnType<typeof createInference>) {
  const onInternalError = (error: unknown) => process.stderr.write(`unexpected: ${error instanceof Error ? error.stack : String(error)}\n`);
  const server = createServer({ keepAliveTimeout: 0 }, createInferenceListener({ handlers, now: () => clock.now(), onInternalError }));
  server.listen(socketPath);
  await once(server, 'listening');
}

function checkEnvironment() {
  if (process.env['UV_THREADPOOL_SIZE'] === oneThreadEnvironment.UV_THREADPOOL_SIZE) return;
  throw new ClusterError('internal', 'The engine was started with more than one pool thread; its order of work rests on one.');
}

async function start({ path, socketPath, options, availableMemoryBytes: limit }: StartMessage): Promise<EngineFacts> {
  const startedAt = clock.monotonic();
  checkEnvironment();
  let driver: LockStepDriver | undefined;
  reportStats(() => driver);
  let told = 0;
  const loaded = await loadModel({
    path,
    options,
    availableMemoryBytes: limit ?? availableMemoryBytes(),
    onProgress(progress) {
      if (progress - told < 0.01 && progress < 1) return;
      told = progress;
      tell({ type: 'progress', progress });
    },
  });
  const { llama, model, context, size, threads } = loaded;
  const vocabulary = createVocabulary(model);
  const template = createChatTemplate({
    source: model.fileInfo.metadata.tokenizer?.chat_template,
    bosString: model.tokens.bosString ?? '',
    eosString: model.tokens.eosString ?? '',
    isToken: vocabulary.isToken,
  });
  if (context) driver = createLockStepDriver({ decoder: createAddonDecoder(llama, model, context), clock });
  const embedder: Embedder = createEmbedder({ model, vocabulary, contextSize: size.contextSize, threads, clock });
  if (driver) await generateOneToken(driver, vocabulary, size.contextSize);
  else await embedder.embed({ input: ['Hello'] } as unknown as Parameters<Embedder['embed']>[0], AbortSignal.timeout(120_000));
  await listen(
    socketPath,
    createInference({ driver, vocabulary, template, grammars: createGrammarMaker(llama), embedder, contextSize: size.contextSize, clock }),
  );
  return {
    capabilities: capabilitiesOf(loaded, template),
    contextSize: size.contextSize,
    parallel: size.parallel,
    threads,
    embeddingLength: model.embeddingVectorSize,
    loadMs: Math.round(clock.monotonic() - startedAt),
  };
}

function toStartError(error: unknown): ClusterError {
  if (error instanceof ClusterError) return error;
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return new ClusterError('engine_error', phrase('engine_did_not_start'), { cause: error });
}

endWithParent();
process.once('message', (message: StartMessage) => {
  start(message).then(
    (facts) => tell({ type: 'ready', facts }),
    (error: unknown) => {
      tell({ type: 'failed', error: toWireError(toStartError(error)) });
    },
  );
});
