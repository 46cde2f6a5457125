import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const requirements = join(import.meta.dirname, 'requirements.txt');
const folder = join(import.meta.dirname, '../../.cache/python-clients');
const python = join(folder, 'bin/python');
const INSTALL_TIMEOUT_MS = 300_000;

/** Makes the environment with the pinned clients, once for each content of requirements.txt. */
async function install(): Promise<void> {
  const digest = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');
  const stamp = join(folder, 'requirements.sha256');
  if ((await readFile(stamp, 'utf8').catch(() => '')) === digest) return;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await run('python3', ['-m', 'venv', folder], { timeout: INSTALL_TIMEOUT_MS });
  await run(python, ['-m', 'pip', 'install', '--quiet', '--no-deps', '--requirement', requirements], { timeout: INSTALL_TIMEOUT_MS });
  await writeFile(stamp, digest);
}

/** Why the Python clients cannot be tested on this machine; `undefined` when they can. */
export async function whyNoPython(): Promise<string | undefined> {
  try {
    await install();
    return undefined;
  } catch (error) {
    const [reason = ''] = String(error).split('\n');
    return `Python with venv and a reachable package index is needed: ${reason}`;
  }
}

/** Runs a script of `python/` with a client against an address; gives what it printed, a JSON object with one entry per case. */
export async function runPython(script: string, ...args: readonly string[]): Promise<Record<string, unknown>> {
  const { stdout } = await run(python, [join(import.meta.dirname, 'python', script), ...args], {
    env: { ...process.env, PYTHONUTF8: '1', OLLAMA_API_KEY: '' },
    timeout: 120_000,
    maxBuffer: 16 * 1024 * 1024,
  });
  return JSON.parse(stdout) as Record<string, unknown>;
}
