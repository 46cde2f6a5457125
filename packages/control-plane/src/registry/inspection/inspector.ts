import { fileURLToPath } from 'node:url';
import { ClusterError, fromWireError, type Inspection, judgeReasons } from '@cluster-ai/contracts';
import type { InspectionLimits } from '@cluster-ai/formats';
import { type Child, type ChildExit, type Clock, type Logger, startChild } from '@cluster-ai/runtime';
import type { InspectAnswer, InspectMessage } from './inspection-messages.ts';
import { createQueue } from './queue.ts';
import { readResidentBytes } from './resident-memory.ts';

export interface InspectorOptions {
  /** Processes side by side. */
  readonly parallel: number;
  readonly timeoutMs: number;
  readonly memoryBytes: number;
  readonly limits?: InspectionLimits;
  /** Another program in its place; for tests. */
  readonly script?: string;
}

export interface InspectorDependencies {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Logger;
}

/** Looks through files of strangers. */
export interface Inspector {
  /**
   * Each file in a process of its own that can read and nothing else, within limits of time and memory; one that needs more is
   * `suspicious`, and so is one that ends the process. Throws `file_not_found`, `invalid_model_file` for what is no file, `cancelled`.
   */
  inspect(path: string, signal: AbortSignal): Promise<Inspection>;
}

type Stop = 'inspection_timed_out' | 'inspection_out_of_memory';

const childScript = fileURLToPath(new URL('./inspection-main.ts', import.meta.url));
const CHECK_MEMORY_EVERY_MS = 25;
const MIB = 1024 * 1024;
/** Of the limit, so that V8 gives up by itself before the whole process is too large. */
const HEAP_SHARE = 0.75;

/** No writing, no processes, no threads, no native code; reading is bounded by what the user may read. */
const permissions = ['--permission', '--allow-fs-read=*', '--disable-warning=SecurityWarning'];

const toSuspicion = (code: Stop | 'inspection_failed', detail: string): Inspection => {
  const reasons = [{ code, detail }];
  return { format: 'unknown', framework: 'other', parameterCount: null, metadata: {}, verdict: judgeReasons(reasons), reasons };
};

/** V8 ends the process by SIGABRT when its heap is full. */
const isOutOfMemory = ({ signal, code }: ChildExit) => signal === 'SIGABRT' || code === 134;

export function createInspector({ clock, log }: InspectorDependencies, options: InspectorOptions): Inspector {
  const { parallel, timeoutMs, memoryBytes, limits, script = childScript } = options;
  const queue = createQueue(parallel);

  async function watchMemory(child: Child, signal: AbortSignal): Promise<Stop | undefined> {
    while (!signal.aborted) {
      const held = await readResidentBytes(child.pid);
      if (held !== undefined && held > memoryBytes) return 'inspection_out_of_memory';
      await clock.sleep(CHECK_MEMORY_EVERY_MS, signal).catch(() => {});
    }
    return undefined;
  }

  const watchTime = (signal: AbortSignal): Promise<Stop | undefined> =>
    clock.sleep(timeoutMs, signal).then(
      (): Stop => 'inspection_timed_out',
      () => undefined,
    );

  /** Ends the process as soon as it takes too much, and says what of. */
  async function guard(child: Child, ended: AbortSignal): Promise<Stop | undefined> {
    const reason = await Promise.race([watchTime(ended), watchMemory(child, ended)]);
    if (reason !== undefined) await child.stop(0);
    return reason;
  }

  function toVerdict(exit: ChildExit, stop: Stop | undefined): Inspection {
    if (stop === 'inspection_timed_out') return toSuspicion(stop, `${timeoutMs / 1000} s`);
    if (stop !== undefined || isOutOfMemory(exit)) return toSuspicion('inspection_out_of_memory', `${Math.round(memoryBytes / MIB)} MiB`);
    return toSuspicion('inspection_failed', `${exit.signal ?? exit.code}`);
  }

  const cancelled = () => new ClusterError('cancelled', 'The inspection was cancelled.');

  async function run(path: string, signal: AbortSignal): Promise<Inspection> {
    if (signal.aborted) throw cancelled();
    let answer: InspectAnswer | undefined;
    const heapMiB = Math.floor((memoryBytes * HEAP_SHARE) / MIB);
    await using child = startChild({
      script,
      nodeOptions: [...permissions, `--max-old-space-size=${heapMiB}`],
      onMessage: (message) => (answer = message as InspectAnswer),
      onErrorLine: (line) => log.debug({ line }, 'The inspection says'),
    });
    const message: InspectMessage = limits === undefined ? { path } : { path, limits };
    child.send(message);
    const ended = new AbortController();
    const cancel = () => void child.stop(0);
    signal.addEventListener('abort', cancel, { once: true });
    const guarded = guard(child, ended.signal);
    const exit = await child.exited;
    ended.abort();
    signal.removeEventListener('abort', cancel);
    const stop = await guarded;
    if (signal.aborted) throw cancelled();
    if (answer === undefined) {
      const verdict = toVerdict(exit, stop);
      log.warn({ reasons: verdict.reasons, code: exit.code, signal: exit.signal }, 'An inspection did not come to its end');
      return verdict;
    }
    if ('error' in answer) throw fromWireError(answer.error, 'internal', 'The inspection failed.');
    return answer.inspection;
  }

  return { inspect: (path, signal) => queue.run(() => run(path, signal), signal) };
}
