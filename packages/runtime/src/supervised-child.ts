import { type ChildProcess, fork } from 'node:child_process';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';

/** How a child process ended. `isWanted` when we asked for it. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly isWanted: boolean;
}

export interface ChildOptions {
  /** The TypeScript or JavaScript file to run with this same Node. */
  readonly script: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Options for its Node, for example a limit of its heap or of what it may do. */
  readonly nodeOptions?: readonly string[];
  /** Starts sooner where our own code is compiled already. Not for a child that may write nothing: to that cache it would. */
  readonly usesCompileCache?: boolean;
  /** Where its standard error goes; its lines are handed over one at a time. */
  readonly onErrorLine?: (line: string) => void;
  readonly onMessage?: (message: unknown) => void;
}

export interface Child extends AsyncDisposable {
  readonly pid: number;
  /** Settles when the process ended, whoever ended it. Never rejects. */
  readonly exited: Promise<ChildExit>;
  /** False when the child is gone already. */
  send(message: object): boolean;
  /** Asks it to end (SIGTERM), and after `graceMs` makes it end (SIGKILL). Resolves when it is gone. */
  stop(graceMs?: number): Promise<ChildExit>;
}

const keptEnvironment = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'LD_LIBRARY_PATH',
  'CUDA_VISIBLE_DEVICES',
  'NODE_EXTRA_CA_CERTS',
];

/*
 * Without these V8 lets a heap grow by hundreds of megabytes before it cleans up for the first time: on a machine whose memory belongs to
 * models, ours is swept early and stays level. Neither is a limit: a heap that really needs more gets it.
 */
const steadyMemory = ['--max-semi-space-size=8', '--initial-old-space-size=48'];

function splitLines(onLine: (line: string) => void): (chunk: Buffer) => void {
  let rest = '';
  return (chunk) => {
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = (lines.pop() ?? '').slice(-64 * 1024); // a child that never ends its line must not fill our memory
    for (const line of lines) onLine(line);
  };
}

/**
 * Starts one child process with an IPC channel. The child gets only what it needs of our environment, and is expected to end by
 * itself when the channel closes, so that a killed parent leaves nothing behind (see `endWithParent`).
 */
export function startChild({
  script,
  environment = {},
  nodeOptions = [],
  usesCompileCache = false,
  onErrorLine,
  onMessage,
}: ChildOptions): Child {
  const kept = usesCompileCache ? [...keptEnvironment, 'NODE_COMPILE_CACHE'] : keptEnvironment;
  const inherited = Object.fromEntries(kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
  const child: ChildProcess = fork(script, [], {
    execArgv: [...steadyMemory, ...nodeOptions],
    env: { ...inherited, ...environment },
    stdio: ['ignore', 'ignore', onErrorLine ? 'pipe' : 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  let isWanted = false;
  if (onErrorLine) child.stderr?.on('data', splitLines(onErrorLine));
  if (onMessage) child.on('message', onMessage);
  child.on('error', () => {}); // a failed spawn also emits exit or never had a pid; `exited` tells
  const exited = new Promise<ChildExit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal, isWanted }));
    child.once('error', () => {
      if (child.pid === undefined) resolve({ code: null, signal: null, isWanted });
    });
  });
  const stop = async (graceMs = 3000): Promise<ChildExit> => {
    isWanted = true;
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(timer);
    }
    return exited;
  };
  return {
    pid: child.pid ?? -1,
    exited,
    send: (message) => child.connected && child.send(message, () => {}),
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

/** For the child's side: ends this process when its parent is gone, even by SIGKILL. `beforeEnd` gets two seconds. */
export function endWithParent(beforeEnd: () => Promise<unknown> = async () => {}): void {
  process.once('disconnect', () => {
    setTimeout(() => process.exit(0), 2000).unref();
    void beforeEnd().finally(() => process.exit(0));
  });
}

/** The pause before the next try: doubles from `firstMs` up to `mostMs`. Attempts count from 0. */
export function backoffMs(attempt: number, firstMs = 250, mostMs = 30_000): number {
  return Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 30));
}

export interface KeepRunningOptions {
  readonly name: string;
  readonly start: () => Child;
  readonly clock: Clock;
  readonly log: Logger;
  /** A child that ran this long has earned a fresh count of attempts. */
  readonly healthyAfterMs?: number;
  readonly onExit?: (exit: ChildExit, attempt: number) => void;
}

/** Keeps one child running until the signal aborts: restarts it with growing pauses, stops it at the end. */
export async function keepRunning(
  { name, start, clock, log, healthyAfterMs = 30_000, onExit }: KeepRunningOptions,
  signal: AbortSignal,
): Promise<void> {
  let attempt = 0;
  while (!signal.aborted) {
    const startedAt = clock.monotonic();
    const child = start();
    const onAbort = () => void child.stop();
    signal.addEventListener('abort', onAbort, { once: true });
    const exit = await child.exited;
    signal.removeEventListener('abort', onAbort);
    if (signal.aborted) return;
    if (clock.monotonic() - startedAt > healthyAfterMs) attempt = 0;
    onExit?.(exit, attempt);
    log.warn({ name, code: exit.code, signal: exit.signal, attempt }, 'A process of ours ended; it is started again');
    await clock.sleep(backoffMs(attempt++), signal).catch(() => {});
  }
}
