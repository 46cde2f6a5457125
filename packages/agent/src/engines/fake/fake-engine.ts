import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ClusterError, fromWireError } from '@cluster-ai/contracts';
import { type Child, type ChildExit, type Clock, type Logger, startChild } from '@cluster-ai/runtime';
import type { Engine, EngineFacts, EngineSpec, EngineStats, RunningEngine, StartHooks } from '../engine.ts';
import type { ChildMessage, StartMessage } from './child-messages.ts';

export interface FakeEngineDeps {
  readonly log: Logger;
  readonly clock: Clock;
  readonly loadTimeoutMs?: number;
}

const childScript = fileURLToPath(new URL('./child-main.ts', import.meta.url));
const VERSION = '1';
const STOP_GRACE_MS = 1000;

const describeExit = ({ code, signal }: ChildExit) =>
  `The fake engine ${signal === null ? `ended with code ${code}` : `was ended by ${signal}`}.`;

interface Watched {
  readonly child: Child;
  readonly ready: Promise<EngineFacts>;
  readonly stats: () => EngineStats;
}

function startWatched(spec: EngineSpec, hooks: StartHooks, log: Logger): Watched {
  const ready = Promise.withResolvers<EngineFacts>();
  let stats: EngineStats = { busySlots: 0, queued: 0, tokensPerSecond: 0, memoryBytes: 0 };
  const onMessage = (value: unknown) => {
    const message = value as ChildMessage;
    if (message.type === 'progress') hooks.onProgress(message.progress);
    if (message.type === 'ready') ready.resolve(message.facts);
    if (message.type === 'stats') stats = message.stats;
    if (message.type === 'failed') ready.reject(fromWireError(message.error, 'engine_error', 'The fake engine failed.'));
  };
  const onErrorLine = (line: string) => log.debug({ replicaId: spec.replicaId, line }, 'The fake engine says');
  const child = startChild({ script: childScript, usesCompileCache: true, onMessage, onErrorLine });
  void child.exited.then((exit) => ready.reject(new ClusterError('engine_crashed', describeExit(exit))));
  return { child, ready: ready.promise, stats: () => stats };
}

async function timeout(clock: Clock, ms: number, signal: AbortSignal): Promise<never> {
  await clock.sleep(ms, signal);
  throw new ClusterError('engine_timeout', `The fake engine was not ready within ${ms} ms.`);
}

async function start({ log, clock, loadTimeoutMs = 60_000 }: FakeEngineDeps, spec: EngineSpec, hooks: StartHooks, signal: AbortSignal) {
  const socketPath = join(spec.runFolder, 'engine.sock');
  const { child, ready, stats } = startWatched(spec, hooks, log);
  const waiting = new AbortController();
  const { parallel, contextSize } = spec.options;
  child.send({ path: spec.path, socketPath, parallel, contextSize } satisfies StartMessage);
  try {
    const facts = await Promise.race([ready, timeout(clock, loadTimeoutMs, AbortSignal.any([signal, waiting.signal]))]);
    const exited = child.exited.then((exit) => ({ isWanted: exit.isWanted, message: describeExit(exit) }));
    const stop = async () => void (await child.stop(STOP_GRACE_MS));
    return { endpoint: { socketPath }, facts, exited, stats, [Symbol.asyncDispose]: stop } satisfies RunningEngine;
  } catch (error) {
    await child.stop(0);
    throw error;
  } finally {
    waiting.abort();
  }
}

/**
 * A tool for tests, demos and simulations: plays a script (`*.fake.json`) in a process of its own, with delays, slow tokens, recorded
 * tool calls and crashes. It runs no model and never says that it does.
 */
export function createFakeEngine(deps: FakeEngineDeps): Engine {
  return {
    kind: 'fake',
    detect: async () => ({ version: VERSION }),
    start: (spec, hooks, signal) => start(deps, spec, hooks, signal),
  };
}
