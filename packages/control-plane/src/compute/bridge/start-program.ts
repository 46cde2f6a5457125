import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Child, ChildExit } from '@cluster-ai/runtime';

const keptEnvironment = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'LD_LIBRARY_PATH'];

export interface Program extends Omit<Child, 'send'> {
  /** Writes to its standard input; false when it is gone. */
  write(line: string): boolean;
}

export interface ProgramOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** A longer line ends the program: whoever sends it does not keep to what was agreed. */
  readonly maxLineBytes: number;
  readonly onLine: (line: string) => void;
  readonly onErrorLine: (line: string) => void;
}

/** Hands over each line; `onTooLong` once for one that has no end. */
function splitLines(maxBytes: number, onLine: (line: string) => void, onTooLong: () => void): (chunk: Buffer) => void {
  let parts: Buffer[] = [];
  let size = 0;
  return (chunk) => {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      parts.push(chunk.subarray(from, end));
      onLine(Buffer.concat(parts).toString('utf8'));
      parts = [];
      size = 0;
      from = end + 1;
    }
    if (from === chunk.length) return;
    parts.push(chunk.subarray(from));
    size += chunk.length - from;
    if (size > maxBytes) onTooLong();
  };
}

/** Starts a program that speaks lines on its standard input and output, and ends when the former does. */
export function startProgram({ command, args, environment, maxLineBytes, onLine, onErrorLine }: ProgramOptions): Program {
  const inherited = Object.fromEntries(
    keptEnvironment.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
  const child = spawn(command, args, { env: { ...inherited, ...environment }, stdio: ['pipe', 'pipe', 'pipe'] });
  let isWanted = false;
  child.on('error', () => {}); // `exited` tells
  child.stdin.on('error', () => {}); // it is gone: `exited` tells
  child.stdout.on(
    'data',
    splitLines(maxLineBytes, onLine, () => child.kill('SIGKILL')),
  );
  createInterface({ input: child.stderr }).on('line', onErrorLine);
  const exited = new Promise<ChildExit>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, isWanted })); // after its last line
    child.once('error', () => {
      if (child.pid === undefined) resolve({ code: null, signal: null, isWanted });
    });
  });
  const stop = async (graceMs = 3000): Promise<ChildExit> => {
    isWanted = true;
    child.stdin.end();
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    const exit = await exited;
    clearTimeout(timer);
    return exit;
  };
  return {
    pid: child.pid ?? -1,
    exited,
    write: (line) => {
      if (!child.stdin.writable) return false;
      child.stdin.write(`${line}\n`);
      return true;
    },
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}
