import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cachedFolder, whyNoProgram } from './cached-folder.ts';

/** The newest one that can be built as a Go module: later versions need headers in folders named `vendor`, which modules leave out. */
const module = 'github.com/ollama/ollama@v0.11.4';
// the engine that is compiled with it is never run here, so nothing is made fast
const quickBuild = { CGO_ENABLED: '1', CGO_CFLAGS: '-O0 -w', CGO_CXXFLAGS: '-O0 -w' };

const folder = cachedFolder({
  name: 'ollama-cli',
  madeFrom: module,
  make: (path) =>
    promisify(execFile)('go', ['install', module], { env: { ...process.env, ...quickBuild, GOBIN: path }, timeout: 1_800_000 }),
});
const program = process.env['OLLAMA_CLI'] ?? join(folder.path, 'ollama');

/** Why Ollama's command line cannot be tested on this machine; `undefined` when it can. */
export const whyNoOllamaCli = () => whyNoProgram({ folder, cost: 'minutes, with Go 1.24 and a C++ compiler', variable: 'OLLAMA_CLI' });

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface Command {
  readonly child: ChildProcess;
  /** What it wrote so far, without the codes that move a cursor. */
  readonly output: () => string;
  readonly ended: Promise<CommandResult>;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what they begin with
const cursorCodes = /\u001b\[[0-9;?]*[A-Za-z]/g;
const withoutCursor = (text: string) => text.replaceAll(cursorCodes, '');

export interface OllamaCliOptions {
  readonly url: string;
  /** Its home folder, where it keeps a key and its history. */
  readonly home: string;
}

export function createOllamaCli({ url, home }: OllamaCliOptions) {
  function start(command: string, args: readonly string[], stdin?: string): Command {
    const child = spawn(command, args, { env: { PATH: process.env['PATH'], HOME: home, TERM: 'xterm', OLLAMA_HOST: url } });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    if (stdin !== undefined) child.stdin.end(stdin);
    const ended = once(child, 'close').then(() => ({ code: child.exitCode, stdout: withoutCursor(stdout), stderr: withoutCursor(stderr) }));
    return { child, output: () => withoutCursor(stdout), ended };
  }
  return {
    /** Runs a command to its end, with nobody at a keyboard. */
    run: (args: readonly string[], stdin = ''): Promise<CommandResult> => start(program, args, stdin).ended,
    start: (args: readonly string[]): Command => start(program, args, ''),
    /** Runs it on a terminal; what is written to the child's stdin is typed. */
    open: (args: readonly string[]): Command => start('script', ['-qec', [program, ...args].join(' '), '/dev/null']),
  };
}
