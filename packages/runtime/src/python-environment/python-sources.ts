import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What comes with the program in Python. */
export interface PythonSources {
  /** What the environment is made of: versions and hashes. */
  readonly lockFile: string;
  /** SHA-256 of that file. */
  readonly lock: string;
  /** For `PYTHONPATH`: our own modules are not installed, so that an update of the program is one of them as well. */
  readonly modules: readonly string[];
}

const here = import.meta.dirname;

/** From a clone beside the packages, in the published package beside the code. */
export function locatePython(): PythonSources {
  const installed = join(here, '../python');
  const folder = existsSync(join(installed, 'requirements.lock')) ? installed : join(here, '../../../../python');
  const lockFile = join(folder, 'requirements.lock');
  return {
    lockFile,
    lock: createHash('sha256').update(readFileSync(lockFile)).digest('hex'),
    modules: [folder, join(folder, 'model_registry/src')],
  };
}

/** For Python processes of ours: what they need to start, and nothing that is secret. */
export function pythonVariables(sources: PythonSources, scratch: string): Record<string, string> {
  const kept = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'LD_LIBRARY_PATH', 'CUDA_VISIBLE_DEVICES'];
  const inherited = kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  return {
    ...Object.fromEntries(inherited),
    HOME: scratch,
    TMPDIR: scratch,
    PYTHONPATH: sources.modules.join(delimiter),
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONNOUSERSITE: '1',
    PYTHONSAFEPATH: '1',
    PYTHONUTF8: '1',
    // Dask reads configuration from folders of the machine otherwise: two of them must not differ by that
    DASK_CONFIG: join(scratch, 'dask'),
    DASK_ROOT_CONFIG: join(scratch, 'dask'),
  };
}
