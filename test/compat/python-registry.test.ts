import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const run = promisify(execFile);
const project = join(import.meta.dirname, '../../python/model_registry');

/** Why the Python package cannot be tested on this machine; `undefined` when it can. It needs the standard library alone. */
async function whyNoPython(): Promise<string | undefined> {
  return run('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 11))']).then(
    () => undefined,
    () => 'Python 3.11 or newer is needed',
  );
}

const obstacle = await whyNoPython();
if (obstacle !== undefined) console.log(`The Python package model_registry is not tested: ${obstacle}`);

describe.skipIf(obstacle !== undefined)('model_registry', () => {
  test('keeps its own promises', async () => {
    const { stderr } = await run('python3', ['-m', 'unittest', 'discover', '-s', 'tests', '-t', '.'], {
      cwd: project,
      env: { ...process.env, PYTHONPATH: 'src', PYTHONDONTWRITEBYTECODE: '1', PYTHONUTF8: '1' },
      timeout: 100_000,
    });
    expect(stderr).toMatch(/\nOK\s*$/);
  });
});
