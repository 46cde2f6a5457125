import {
  ClusterError,
  type Condition,
  type EngineKind,
  hintOf,
  isSameCondition,
  messageOf,
  phrase,
  type ReplicaReport,
  type ReplicaSpec,
  toClusterError,
  toEnglish,
} from '@cluster-ai/contracts';
import { aborted, type Clock, type Logger } from '@cluster-ai/runtime';
import type { Engine, EngineEndpoint, EngineStats, RunningEngine } from '../engines/engine.ts';
import type { Weights } from '../weights/weights.ts';
import { type Attempts, countFailures, decideAfterExit, decideAfterFailedStart, MAX_LOAD_CRASHES, type Next } from './decide-next.ts';
import type { LoadCrashes } from './load-crashes.ts';
import { describeState, move, progressOf, type ReplicaState } from './replica-state.ts';
import type { RunFolders } from './run-folders.ts';
import type { Turns } from './turns.ts';

export interface ReplicaDeps {
  readonly engines: readonly Engine[];
  readonly weights: Weights;
  readonly runFolders: RunFolders;
  /** Models load one after the other: side by side they would fight for disk and memory. */
  readonly loadTurns: Turns;
  readonly loadCrashes: LoadCrashes;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called after each change of state; numbers are read by whoever asks for the report. */
  readonly onState: () => void;
}

const noStats: EngineStats = { busySlots: 0, queued: 0, tokensPerSecond: 0, memoryBytes: 0 };

/** One replica: brings it to serve, keeps it serving, and ends it. */
export class Replica {
  #deps: ReplicaDeps;
  #spec: ReplicaSpec;
  #state: ReplicaState = { phase: 'preparing', step: 'checking_weights', progress: null };
  #condition: Condition;
  #failures = 0;
  #stopping = new AbortController();
  #weightsHold: Disposable;
  #ended: Promise<void>;

  /** `after` settles when whatever ran under this id before is gone. */
  constructor(spec: ReplicaSpec, deps: ReplicaDeps, after: Promise<void>) {
    this.#spec = spec;
    this.#deps = deps;
    this.#condition = describeState(this.#state, deps.clock.now());
    this.#weightsHold = deps.weights.hold(spec.file.digest);
    this.#ended = after.then(() => this.#live(this.#stopping.signal));
  }

  get spec(): ReplicaSpec {
    return this.#spec;
  }

  get isFailed(): boolean {
    return this.#state.phase === 'failed';
  }

  get isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** The same replica under a newer order. */
  renew(fence: number): void {
    this.#spec = { ...this.#spec, fence };
  }

  report(): ReplicaReport {
    const engine = this.#state.phase === 'serving' ? this.#state.engine : undefined;
    const { busySlots, queued, tokensPerSecond, memoryBytes } = engine?.stats() ?? noStats;
    return {
      replicaId: this.#spec.replicaId,
      fence: this.#spec.fence,
      model: this.#spec.model,
      digest: this.#spec.file.digest,
      engine: this.#spec.engine,
      condition: this.#condition,
      progress: progressOf(this.#state),
      capabilities: [...(engine?.facts.capabilities ?? [])],
      contextSize: engine?.facts.contextSize ?? null,
      parallel: engine?.facts.parallel ?? null,
      threads: engine?.facts.threads ?? null,
      busySlots,
      queued,
      memoryBytes,
      tokensPerSecond,
      loadMs: engine?.facts.loadMs ?? null,
      embeddingLength: engine?.facts.embeddingLength ?? null,
    };
  }

  endpoint(): EngineEndpoint {
    if (this.#state.phase === 'serving') return this.#state.engine.endpoint;
    const { state, reason } = this.#condition;
    const details = { state, reason, progress: progressOf(this.#state) };
    throw new ClusterError(state === 'failed' ? 'model_failed' : 'model_loading', messageOf(this.#condition), {
      hint: hintOf(this.#condition),
      details,
    });
  }

  /** Resolves when its process is gone. */
  async stop(): Promise<void> {
    if (!this.#stopping.signal.aborted) {
      this.#enter({ phase: 'stopping' });
      this.#stopping.abort(new ClusterError('cancelled', 'The replica was stopped on request.'));
    }
    await this.#ended;
  }

  #enter(state: ReplicaState): void {
    this.#state = move(this.#state, state);
    const condition = describeState(state, this.#deps.clock.now());
    if (isSameCondition(condition, this.#condition)) return;
    this.#condition = condition;
    this.#deps.onState();
  }

  async #live(signal: AbortSignal): Promise<void> {
    try {
      await this.#keepServing(signal);
    } catch (error) {
      await this.#failForGood(error, signal);
    }
    this.#weightsHold[Symbol.dispose]();
    this.#enter({ phase: 'stopped' });
  }

  async #keepServing(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const next = await this.#serveOnce(signal);
      if (signal.aborted || next === undefined) return;
      await this.#obey(next, signal);
    }
  }

  /** A mistake of ours in one replica must not end the agent and with it all others. */
  async #failForGood(error: unknown, signal: AbortSignal): Promise<void> {
    this.#deps.log.error({ replicaId: this.#spec.replicaId, error: String(error) }, 'A replica met an error of ours');
    if (signal.aborted) return;
    this.#state = {
      phase: 'failed',
      reason: 'engine_crashed',
      details: { message: 'An error of ours ended the replica; the log has it.' },
    };
    this.#condition = describeState(this.#state, this.#deps.clock.now());
    this.#deps.onState();
    await aborted(signal);
  }

  /** Starts the engine and waits for its end. `undefined`: it was stopped on request. */
  async #serveOnce(signal: AbortSignal): Promise<Next | undefined> {
    const { clock } = this.#deps;
    try {
      const kind = await this.#findEngine(signal);
      if (!kind) return engineMissing(this.#spec.engine);
      await using folder = await this.#deps.runFolders.make();
      await using engine = await this.#start(kind, folder.path, signal);
      signal.throwIfAborted();
      const servingSince = clock.monotonic();
      this.#enter({ phase: 'serving', engine });
      const exit = await this.#untilExitOr(engine, signal);
      if (exit === undefined) return undefined;
      const servedMs = clock.monotonic() - servingSince;
      const next = decideAfterExit(exit.message, servedMs, this.#attempts());
      this.#failures = countFailures(this.#attempts(), servedMs);
      return next;
    } catch (error) {
      return signal.aborted ? undefined : this.#afterFailedStart(toClusterError(error));
    }
  }

  async #findEngine(signal: AbortSignal): Promise<Engine | undefined> {
    const engine = this.#deps.engines.find((candidate) => candidate.kind === this.#spec.engine);
    return engine && (await engine.detect(signal)) ? engine : undefined;
  }

  async #start(engine: Engine, runFolder: string, signal: AbortSignal): Promise<RunningEngine> {
    const { weights, loadTurns, loadCrashes } = this.#deps;
    const { file, replicaId, options } = this.#spec;
    const path = await weights.ensure(file, (step, progress) => this.#prepare(step, progress), signal);
    signal.throwIfAborted();
    this.#enter({ phase: 'queued' });
    using _turn = await loadTurns.take(signal);
    if (loadCrashes.count(file.digest) >= MAX_LOAD_CRASHES) throw rejected(loadCrashes.count(file.digest));
    this.#enter({ phase: 'loading', progress: null });
    const onProgress = (progress: number) => this.#load(progress);
    const running = await engine.start({ replicaId, path, runFolder, options }, { onProgress }, signal);
    loadCrashes.forget(file.digest);
    return running;
  }

  #prepare(step: 'fetching_weights' | 'checking_weights', progress: number): void {
    if (this.#state.phase === 'preparing') this.#enter({ phase: 'preparing', step, progress });
  }

  #load(progress: number): void {
    if (this.#state.phase === 'loading') this.#enter({ phase: 'loading', progress });
  }

  async #untilExitOr(engine: RunningEngine, signal: AbortSignal) {
    const stopped = Promise.withResolvers<undefined>();
    const onAbort = () => stopped.resolve(undefined);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const exit = await Promise.race([engine.exited, stopped.promise]);
    signal.removeEventListener('abort', onAbort);
    return exit;
  }

  #attempts(): Attempts {
    return { failures: this.#failures, loadCrashes: this.#deps.loadCrashes.count(this.#spec.file.digest) };
  }

  #afterFailedStart(error: ClusterError): Next {
    if (error.code === 'engine_crashed') this.#deps.loadCrashes.add(this.#spec.file.digest);
    if (error.code === 'internal')
      this.#deps.log.error({ replicaId: this.#spec.replicaId, error: String(error.cause) }, 'A replica met an error of ours');
    const next = decideAfterFailedStart(error, this.#attempts());
    this.#failures = countFailures(this.#attempts(), 0);
    return next;
  }

  /** Waits before another try, or stays failed until somebody stops it. */
  async #obey(next: Next, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    const fields = { replicaId: this.#spec.replicaId, model: this.#spec.model, reason: next.reason, message: toEnglish(next.message) };
    if (next.type === 'give-up') {
      log.warn(fields, 'A replica failed');
      const details = next.hint === undefined ? { message: next.message } : { message: next.message, hint: next.hint };
      this.#enter({ phase: 'failed', reason: next.reason, details });
      await aborted(signal);
      return;
    }
    log.warn({ ...fields, afterMs: next.afterMs, failures: this.#failures }, 'A replica is started again after a pause');
    this.#enter({ phase: 'pausing', reason: next.reason, details: { message: next.message } });
    await clock.sleep(next.afterMs, signal).catch(() => {});
    if (!signal.aborted) this.#enter({ phase: 'preparing', step: 'checking_weights', progress: null });
  }
}

const rejected = (crashes: number) =>
  new ClusterError('invalid_model_file', phrase('file_was_rejected', { count: crashes }), {
    hint: phrase('import_from_source'),
  });

const engineMissing = (kind: EngineKind): Next => ({
  type: 'give-up',
  reason: 'engine_missing',
  message: phrase('engine_not_installed', { engine: kind }),
});
