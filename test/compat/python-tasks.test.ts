import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { findDaskPython } from '../support/dask-python.ts';

const run = promisify(execFile);
const folder = join(import.meta.dirname, '../../python');
const python = await findDaskPython();

describe.skipIf(python === undefined)('what tasks do on a worker', () => {
  test.for(['python', 'javascript', 'inference', 'data', 'model'])('%s', async (subject) => {
    const paths = [folder, join(folder, 'model_registry/src')];
    const { stderr } = await run(python ?? '', ['-m', 'unittest', `tests.test_tasks_${subject}`], {
      cwd: folder,
      env: { ...process.env, PYTHONPATH: paths.join(':'), PYTHONDONTWRITEBYTECODE: '1', PYTHONUTF8: '1' },
      timeout: 100_000,
    });
    expect(stderr).toMatch(/\nOK\s*$/);
  });
});
