import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const python = join(import.meta.dirname, '../../python');

const obstacle = await run('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 11))']).then(
  () => undefined,
  () => 'Python 3.11 or newer is needed',
);
if (obstacle !== undefined) console.log(`The Python package cluster_ai is not tested: ${obstacle}`);

test.skipIf(obstacle !== undefined)('cluster_ai keeps its own promises, with the standard library alone', async () => {
  const { stderr } = await run('python3', ['-m', 'unittest', 'cluster_ai.tests.test_cluster'], {
    env: { ...process.env, PYTHONPATH: `${python}:${join(python, 'model_registry/src')}`, PYTHONDONTWRITEBYTECODE: '1', PYTHONUTF8: '1' },
    timeout: 100_000,
  });
  expect(stderr).toMatch(/\nOK\s*$/);
});
