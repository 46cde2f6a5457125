import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type CachedFolder, cachedFolder } from './cached-folder.ts';

const run = promisify(execFile);

/** A virtual environment with exactly what a requirements file of this folder pins; nothing is resolved, so the file names everything. */
export function pythonEnvironment(name: string, requirementsFile: string, timeoutMs: number): CachedFolder {
  const requirements = join(import.meta.dirname, requirementsFile);
  return cachedFolder({
    name,
    madeFrom: readFileSync(requirements, 'utf8'),
    async make(path) {
      await run('python3', ['-m', 'venv', path], { timeout: timeoutMs });
      const install = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--no-cache-dir', '--requirement', requirements];
      await run(join(path, 'bin/python'), install, { timeout: timeoutMs });
    },
  });
}
