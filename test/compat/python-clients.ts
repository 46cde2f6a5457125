import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pythonEnvironment } from './python-environment.ts';

const run = promisify(execFile);
const environment = pythonEnvironment('python-clients', 'requirements.txt', 300_000);

/** Why the Python clients cannot be tested on this machine; `undefined` when they can. */
export async function whyNoPython(): Promise<string | undefined> {
  try {
    await environment.ensure();
    return undefined;
  } catch (error) {
    const [reason = ''] = String(error).split('\n');
    return `Python with venv and a reachable package index is needed: ${reason}`;
  }
}

/** Runs a script of `python/` with a client against an address; gives what it printed, a JSON object with one entry per case. */
export async function runPython(script: string, ...args: readonly string[]): Promise<Record<string, unknown>> {
  const { stdout } = await run(join(environment.path, 'bin/python'), [join(import.meta.dirname, 'python', script), ...args], {
    env: { ...process.env, PYTHONUTF8: '1', OLLAMA_API_KEY: '' },
    timeout: 120_000,
    maxBuffer: 16 * 1024 * 1024,
  });
  return JSON.parse(stdout) as Record<string, unknown>;
}
