import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { type ComputeVersions, toCondition } from '@cluster-ai/contracts';
import { ENVIRONMENTS_VARIABLE, openPythonEnvironment, silentLogger, systemClock } from '@cluster-ai/runtime';
import type { ReadyEnvironment, WorkerEnvironment } from '../worker-environment.ts';

const checkout = join(import.meta.dirname, '../../../../..');
const question = `import json, platform, dask, distributed, cloudpickle
print(json.dumps({"python": platform.python_version(), "dask": dask.__version__, "distributed": distributed.__version__, "cloudpickle": cloudpickle.__version__}))`;

/** One that somebody keeps for tests. */
function askPython(python: string): ReadyEnvironment {
  const versions = JSON.parse(execFileSync(python, ['-c', question], { encoding: 'utf8' })) as ComputeVersions;
  const lock = 'of another environment';
  return { python, versions, lock, sources: { lockFile: '', lock, modules: [join(checkout, 'python')] } };
}

/** A Python with Dask, made in the checkout's cache the first time; `undefined` where it cannot be made, and why is printed. */
export async function findTestEnvironment(): Promise<ReadyEnvironment | undefined> {
  const named = process.env['CLUSTER_AI_TEST_PYTHON'];
  if (named !== undefined) return askPython(named);
  const folder = process.env[ENVIRONMENTS_VARIABLE] ?? join(checkout, '.cache', 'python');
  const environment = openPythonEnvironment({ folder, python: '', clock: systemClock, log: silentLogger });
  const over = new AbortController();
  environment.onChange(() => {
    const { state, message } = environment.condition();
    if (state === 'failed' || state === 'stopped') over.abort(new Error(message)); // it would be tried again for ever
  });
  try {
    return await environment.ensure(over.signal);
  } catch (error) {
    process.stdout.write(`Skipped, workers of Dask: ${String(error)}\n`);
    return undefined;
  }
}

/** One that is there already. */
export function toMadeEnvironment(ready: ReadyEnvironment): WorkerEnvironment {
  return {
    condition: () => toCondition('ready', 'serving', 0),
    progress: () => null,
    ensure: async () => ready,
    onChange: () => () => {},
  };
}
