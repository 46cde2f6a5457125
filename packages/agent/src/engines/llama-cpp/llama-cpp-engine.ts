import { mkdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ClusterError, fromWireError, type Phrase, phrase, sentencesOf, toEnglish } from '@cluster-ai/contracts';
import { type Child, type ChildExit, type Clock, type Logger, startChild } from '@cluster-ai/runtime';
import type { Engine, EngineExit, EngineFacts, EngineSpec, EngineStats, RunningEngine, StartHooks } from '../engine.ts';
import { type ChildMessage, oneThreadEnvironment, type StartMessage } from './child-messages.ts';

export interface LlamaCppEngineDeps {
  readonly log: Logger;
  readonly clock: Clock;
  /** After so long without a sign of life, or in one computation, the process is ended. */
  readonly watchdogMs?: number;
  /** Instead of what the machine has; for tests and for nodes that must leave memory to others. */
  readonly availableMemoryBytes?: number;
}

const childScript = fileURLToPath(new URL('./child-main.ts', import.meta.url));
const keptLogLines = 40;
const shownLogLines = 6;
const stopGraceMs = 2000;
/** A Unix socket's path must fit into 108 bytes. */
const longestSocketPath = 107;

const idle: EngineStats = { busySlots: 0, queued: 0, tokensPerSecond: 0, memoryBytes: 0 };

function describeEnd({ code, signal }: ChildExit): Phrase {
  if (signal === 'SIGKILL') return phrase('engine_was_killed');
  if (signal !== null) return phrase('engine_aborted', { signal });
  return phrase('engine_ended', { code: code ?? 0 });
}

/** One process of the engine, watched. */
function openProcess(
  { log, clock, watchdogMs = 60_000 }: LlamaCppEngineDeps,
  spec: EngineSpec,
  onMessage: (message: ChildMessage) => void,
) {
  const lines: string[] = [];
  let lastSignAt = clock.monotonic();
  let stats = idle;
  let isWanted = false;
  let verdict: Phrase | undefined;

  const child: Child = startChild({
    script: childScript,
    environment: oneThreadEnvironment,
    usesCompileCache: true,
    onErrorLine(line) {
      if (line.trim() === '') return;
      lines.push(line.trim());
      if (lines.length > keptLogLines) lines.shift();
      log.debug({ replica: spec.replicaId, line }, 'The engine says');
    },
    onMessage(raw) {
      const message = raw as ChildMessage;
      lastSignAt = clock.monotonic();
      if (message.type === 'stats') {
        const { busySlots, queued, tokensPerSecond, memoryBytes } = message;
        stats = { busySlots, queued, tokensPerSecond, memoryBytes };
        if (message.computingMs > watchdogMs)
          giveUp(phrase('engine_computed_too_long', { seconds: Math.round(message.computingMs / 1000) }));
      }
      onMessage(message);
    },
  });

  function giveUp(reason: Phrase) {
    verdict ??= reason;
    void child.stop(0);
  }

  const watch = setInterval(
    () => {
      const silentMs = clock.monotonic() - lastSignAt;
      if (silentMs > watchdogMs) giveUp(phrase('engine_was_silent', { seconds: Math.round(silentMs / 1000) }));
    },
    Math.min(1000, watchdogMs / 4),
  );

  const exited: Promise<EngineExit> = child.exited.then(async (exit) => {
    clearInterval(watch);
    await rm(spec.runFolder, { recursive: true, force: true });
    const story = verdict ?? (isWanted ? phrase('engine_was_stopped') : describeEnd(exit));
    const lastWords =
      isWanted || lines.length === 0 ? [] : [phrase('engine_last_words', { words: lines.slice(-shownLogLines).join(' | ') })];
    return { isWanted, message: [story, ...lastWords] };
  });

  return {
    exited,
    hasTimedOut: () => verdict !== undefined,
    stats: () => stats,
    send: (message: StartMessage) => child.send(message),
    async stop() {
      isWanted = true;
      await child.stop(stopGraceMs);
      await exited;
    },
  };
}

/** A file on which the runtime asserts while it loads is not a valid model; it would do so again. */
const toStartFailure = ({ message }: EngineExit, hasTimedOut: boolean): ClusterError => {
  if (hasTimedOut) return new ClusterError('engine_timeout', message);
  if (/SIGABRT|SIGSEGV/.test(toEnglish(message)))
    return new ClusterError('invalid_model_file', [phrase('llama_crashed'), ...sentencesOf(message)]);
  return new ClusterError('engine_crashed', message);
};

function abortionOf(signal: AbortSignal): { readonly promise: Promise<never>; readonly forget: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  promise.catch(() => {});
  return { promise, forget: () => signal.removeEventListener('abort', onAbort) };
}

async function start(deps: LlamaCppEngineDeps, spec: EngineSpec, hooks: StartHooks, signal: AbortSignal): Promise<RunningEngine> {
  const socketPath = join(spec.runFolder, 'engine.sock');
  if (Buffer.byteLength(socketPath) > longestSocketPath)
    throw new ClusterError('internal', `The path of the engine's socket is too long (${socketPath}).`, {
      hint: 'Use a data folder with a shorter path.',
    });
  await mkdir(spec.runFolder, { recursive: true, mode: 0o700 });

  const ready = Promise.withResolvers<EngineFacts>();
  const engine = openProcess(deps, spec, (message) => {
    if (message.type === 'progress') hooks.onProgress(message.progress);
    if (message.type === 'ready') ready.resolve(message.facts);
    if (message.type === 'failed') ready.reject(fromWireError(message.error, 'engine_error', 'The engine could not start.'));
  });
  void engine.exited.then((exit) => ready.reject(toStartFailure(exit, engine.hasTimedOut())));
  const abortion = abortionOf(signal);
  engine.send({ type: 'start', path: spec.path, socketPath, options: spec.options, availableMemoryBytes: deps.availableMemoryBytes });
  try {
    const facts = await Promise.race([ready.promise, abortion.promise]);
    return {
      endpoint: { socketPath },
      facts,
      exited: engine.exited,
      stats: engine.stats,
      [Symbol.asyncDispose]: engine.stop,
    };
  } catch (error) {
    await engine.stop();
    throw error;
  } finally {
    abortion.forget();
  }
}

/** Read beside the package's entry, so that the agent does not load the runtime just to know its version. */
async function findVersion(): Promise<string | undefined> {
  try {
    const entry = createRequire(import.meta.url).resolve('node-llama-cpp');
    return (JSON.parse(await readFile(join(dirname(entry), '..', 'package.json'), 'utf8')) as { version: string }).version;
  } catch {
    return undefined;
  }
}

/** llama.cpp through node-llama-cpp, one supervised process per replica. */
export function createLlamaCppEngine(deps: LlamaCppEngineDeps): Engine {
  return {
    kind: 'llama.cpp',
    async detect() {
      const version = await findVersion();
      return version === undefined ? undefined : { version };
    },
    start: (spec, hooks, signal) => start(deps, spec, hooks, signal),
  };
}
