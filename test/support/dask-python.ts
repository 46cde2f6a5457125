import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** A Python with everything that workers have, for tests of what runs there; `undefined`, with a printed reason, where there is none. */
export async function findDaskPython(): Promise<string | undefined> {
  const candidates = [process.env['CLUSTER_AI_TEST_PYTHON'], 'python3'].filter((path) => path !== undefined);
  for (const python of candidates) {
    const found = await run(python, ['-c', 'import distributed, pandas, pyarrow, onnxruntime']).then(
      () => true,
      () => false,
    );
    if (found) return python;
  }
  console.log('What tasks do is not tested: it needs a Python with distributed, pandas, pyarrow and onnxruntime (CLUSTER_AI_TEST_PYTHON)');
  return undefined;
}
