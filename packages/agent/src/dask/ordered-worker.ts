import { isDeepStrictEqual } from 'node:util';
import {
  type ComputeVersions,
  type Condition,
  isSameCondition,
  phrase,
  toCondition,
  type WorkerReport,
  type WorkerSpec,
} from '@cluster-ai/contracts';
import { aborted, type Clock, type Logger } from '@cluster-ai/runtime';
import type { BlobDoor } from './blob-door.ts';
import { decideAfterEnd } from './decide-after-end.ts';
import { untilReachable } from './until-reachable.ts';
import type { OpenEnvironment, ReadyEnvironment } from './worker-environment.ts';
import type { WorkerMessage } from './worker-messages.ts';
import { startWorkerProcess, type WorkerProcess } from './worker-process.ts';

export interface OrderedWorkerDeps {
  readonly openEnvironment: OpenEnvironment;
  readonly blobs: Pick<BlobDoor, 'url' | 'token'>;
  /** The worker's own folder; emptied before each start. */
  readonly scratch: string;
  /** Of this node: no task may reach it. */
  readonly dataFolder: string;
  /** On the control plane's machine no worker runs without one. */
  readonly sandbox: 'required' | 'wanted';
  readonly clock: Clock;
  readonly log: Logger;
  readonly onChange: () => void;
}

const toWork = ({ fence: _fence, ...work }: WorkerSpec) => work;

/** One worker as it was ordered: brings it up, keeps it up through losses of its scheduler and of itself, and retires it. */
export class OrderedWorker {
  #deps: OrderedWorkerDeps;
  #spec: WorkerSpec;
  #condition: Condition;
  #progress: number | null = null;
  #versions: ComputeVersions | null = null;
  #restarts = 0;
  #isReady = false;
  #process: WorkerProcess | undefined;
  #stopping = new AbortController();
  #ended: Promise<void>;

  /** `after` settles when the worker before this one is gone. */
  constructor(spec: WorkerSpec, deps: OrderedWorkerDeps, after: Promise<void>) {
    this.#spec = spec;
    this.#deps = deps;
    this.#condition = toCondition('starting', 'worker_starting', deps.clock.now());
    this.#ended = after.then(() => this.#live(this.#stopping.signal));
  }

  get fence(): number {
    return this.#spec.fence;
  }

  /** Whether an order changes nothing of what runs here. */
  does(spec: WorkerSpec): boolean {
    return !this.#stopping.signal.aborted && isDeepStrictEqual(toWork(this.#spec), toWork(spec));
  }

  /** The same worker under a newer order. */
  renew(fence: number): void {
    this.#spec = { ...this.#spec, fence };
  }

  report(): WorkerReport {
    const { name, fence } = this.#spec;
    return {
      name,
      fence,
      condition: this.#condition,
      progress: this.#progress,
      versions: this.#versions,
      restarts: this.#restarts,
    };
  }

  /** Its data goes to other workers, then it ends. Resolves when it is gone. */
  async retire(): Promise<void> {
    const hasData = this.#isReady && !this.#stopping.signal.aborted;
    this.#end();
    if (hasData) await this.#process?.retire();
    await this.stop();
  }

  /** Ends it at once. Resolves when it is gone. */
  async stop(): Promise<void> {
    this.#end();
    await this.#process?.stop();
    await this.#ended;
  }

  #end(): void {
    if (this.#stopping.signal.aborted) return;
    this.#enter(toCondition('draining', 'worker_retiring', this.#deps.clock.now()));
    this.#stopping.abort(new Error('The worker is not wanted any more'));
  }

  #enter(condition: Condition, progress: number | null = null): void {
    const isSame = isSameCondition(condition, this.#condition) && progress === this.#progress;
    if (!isSameCondition(condition, this.#condition)) this.#condition = condition;
    this.#progress = progress;
    if (!isSame) this.#deps.onChange();
  }

  async #live(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    try {
      const environment = await this.#prepare(signal);
      if (environment !== undefined) await this.#keepUp(environment, signal);
    } catch (error) {
      if (!signal.aborted) {
        log.error({ err: error }, 'The worker met an error of ours');
        this.#enter(toCondition('failed', 'worker_crashed', clock.now(), { message: String(error) }));
      }
    }
    if (!signal.aborted) await aborted(signal);
    this.#enter(toCondition('stopped', 'worker_retiring', clock.now()));
  }

  /** The environment, when it is the one that was ordered; `undefined`: this order can never be followed here. */
  async #prepare(signal: AbortSignal): Promise<ReadyEnvironment | undefined> {
    const environment = this.#deps.openEnvironment(this.#spec.python);
    const follow = () => {
      const condition = environment.condition();
      if (condition.state !== 'ready') this.#enter(condition, environment.progress()); // a ready one is no ready worker
    };
    const unfollow = environment.onChange(follow);
    follow();
    try {
      const ready = await environment.ensure(signal);
      this.#versions = ready.versions;
      const problem = this.#findDifference(ready);
      if (problem === undefined) return ready;
      this.#deps.log.warn({ reason: problem.reason, detail: problem.message }, 'This machine cannot run the worker that was ordered');
      this.#enter(problem);
      return undefined;
    } finally {
      unfollow();
    }
  }

  #findDifference({ versions, lock }: ReadyEnvironment): Condition | undefined {
    const { python, lock: wanted } = this.#spec;
    const nowMs = this.#deps.clock.now();
    if (!versions.python.startsWith(`${python}.`))
      return toCondition('stopped', 'python_differs', nowMs, {
        message: phrase('worker_python_differs', { wanted: python, found: versions.python }),
      });
    if (lock === wanted) return undefined;
    return toCondition('stopped', 'environment_failed', nowMs, {
      message: phrase('worker_lock_differs'),
      hint: phrase('update_the_program_there'),
    });
  }

  async #keepUp(environment: ReadyEnvironment, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    let failures = 0;
    while (!signal.aborted) {
      await this.#untilScheduler(signal);
      if (signal.aborted) return;
      const startedAtMs = clock.monotonic();
      const process = await this.#start(environment);
      if (signal.aborted && !this.#isReady) await process.stop();
      const exit = await process.exited;
      const [wasReady, failure] = [this.#isReady, process.failure()];
      this.#isReady = false;
      this.#process = undefined;
      if (signal.aborted) return;
      const next = decideAfterEnd({ exit, wasReady, failure, failures, livedMs: clock.monotonic() - startedAtMs }, clock.now());
      const facts = { code: exit.code, signal: exit.signal, reason: next.condition.reason, detail: next.condition.message };
      this.#enter(next.condition);
      if (next.type === 'give-up') return log.warn(facts, 'The worker cannot run here');
      log.warn(
        { ...facts, ...(facts.reason === 'worker_crashed' ? { printed: process.lastLines() } : {}) },
        'The worker ended; it is started again',
      );
      this.#restarts += 1;
      failures = next.failures;
      await clock.sleep(next.afterMs, signal).catch(() => {});
    }
  }

  /** Starting Python to find nobody takes a core for a second, again and again. */
  async #untilScheduler(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    const onWait = () => this.#enter(toCondition('starting', 'scheduler_starting', clock.now()));
    await untilReachable({ address: this.#spec.scheduler, clock, onWait }, signal);
    if (!signal.aborted && this.#condition.reason !== 'worker_crashed')
      this.#enter(toCondition('starting', 'worker_starting', clock.now()));
  }

  async #start(environment: ReadyEnvironment): Promise<WorkerProcess> {
    const { blobs, scratch, dataFolder, sandbox, log } = this.#deps;
    const { fence: _fence, lock: _lock, ...wish } = this.#spec;
    const configuration = {
      ...wish,
      blobs,
      scratch,
      sandbox,
      forbidden: [dataFolder],
      readable: [process.execPath],
      node: process.execPath,
    };
    this.#process = await startWorkerProcess({ environment, configuration, log, onMessage: (message) => this.#hear(message) });
    return this.#process;
  }

  #hear(message: WorkerMessage): void {
    const { clock, log } = this.#deps;
    if (message.type === 'restarted') {
      this.#restarts += 1;
      this.#deps.onChange();
    }
    if (message.type !== 'ready' || this.#stopping.signal.aborted) return;
    this.#isReady = true;
    this.#versions = message.versions;
    this.#enter(toCondition('ready', 'serving', clock.now()));
    if (message.sandbox === null)
      log.warn({}, 'Tasks on this machine run with all rights of the user that runs the program: its kernel has no Landlock');
    log.info({ worker: this.#spec.name, address: message.address, sandbox: message.sandbox }, 'The worker is connected to the scheduler');
  }
}
