import { spawn } from 'node:child_process';
import { readLines } from './link/read-lines.ts';
import type { Child, ChildExit } from './supervised-child.ts';

export interface ProgramOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** All of it: nothing of ours is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  readonly folder?: string;
  /** The first line that it reads. Secrets go this way, since others can read arguments and environments. */
  readonly configuration: object;
  /** One line of JSON of its standard output. */
  readonly onMessage: (message: Readonly<Record<string, unknown>>) => void;
  readonly onErrorLine: (line: string) => void;
  readonly longestLine?: number;
}

const usualLineBytes = 1024 * 1024;

/** A program must not fill our memory by what it prints: lines are cut. */
const mostOfErrorLine = 4096;

function parseMessage(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Starts a program that speaks lines of JSON on standard input and output, and ends when its input does: so it is gone soon after us,
 * however we end.
 */
export function startProgram(options: ProgramOptions): Child {
  const { command, args, environment, folder, configuration, onMessage, onErrorLine, longestLine = usualLineBytes } = options;
  const child = spawn(command, [...args], {
    env: { ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(folder === undefined ? {} : { cwd: folder }),
  });
  let isWanted = false;
  child.stdin.on('error', () => {}); // gone while we wrote: `exited` tells
  const write = (message: object) => child.stdin.writable && child.stdin.write(`${JSON.stringify(message)}\n`) !== undefined;

  async function readOutput(): Promise<void> {
    for await (const line of readLines(child.stdout, longestLine)) {
      const message = parseMessage(line);
      if (message === undefined) onErrorLine(line.slice(0, mostOfErrorLine));
      else onMessage(message);
    }
  }
  async function readErrors(): Promise<void> {
    for await (const line of readLines(child.stderr, longestLine)) onErrorLine(line.slice(0, mostOfErrorLine));
  }

  const exited = new Promise<ChildExit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal, isWanted }));
    child.once('error', (error) => {
      onErrorLine(error.message);
      if (child.pid === undefined) resolve({ code: null, signal: null, isWanted });
    });
  });
  const isRunning = () => child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  const onBroken = (error: unknown) => {
    onErrorLine(error instanceof Error ? error.message : String(error));
    if (isRunning()) child.kill('SIGKILL'); // it does not keep to the protocol
  };
  void readOutput().catch(onBroken);
  void readErrors().catch(onBroken);
  write(configuration);

  const stop = async (graceMs = 3000): Promise<ChildExit> => {
    isWanted = true;
    if (isRunning()) {
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(timer);
    }
    return exited;
  };
  return {
    pid: child.pid ?? -1,
    exited,
    send: (message) => isRunning() && write(message),
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}
