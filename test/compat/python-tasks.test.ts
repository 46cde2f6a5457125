import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { findDaskPython } from '../support/dask-python.ts';

const run = promisify(execFile);
const folder = join(import.meta.dirname, '../../python');
const paths = [folder, join(folder, 'model_registry/src')];
const env = { ...process.env, PYTHONPATH: paths.join(':'), PYTHONDONTWRITEBYTECODE: '1', PYTHONUTF8: '1' };
const python = await findDaskPython();

describe.skipIf(python === undefined)('what tasks do on a worker', () => {
  test.for(['python', 'javascript', 'inference', 'files', 'data', 'model'])('%s', async (subject) => {
    const { stderr } = await run(python ?? '', ['-m', 'unittest', `tests.test_tasks_${subject}`], {
      cwd: folder,
      env,
      timeout: 115_000,
    });
    expect(stderr).toMatch(/\nOK\s*$/);
  });

  test('a table of four times the memory of its worker is grouped by spilling, and nothing is ended', async ({ skip }) => {
    if (process.env['CLUSTER_AI_LONG_TESTS'] !== '1') skip('`npm run test:long` runs it: minutes');
    const { stdout } = await run(python ?? '', ['-m', 'tests.long_group_by', '1600', '400'], { cwd: folder, env, timeout: 1_500_000 });
    const found = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    expect(found).toMatchObject({ merged: { isRight: true }, shuffled: { isRight: true }, isSameWorker: true });
  }, 1_600_000);
});
