import { existsSync, readdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { DataFolder } from '@cluster-ai/runtime';

const here = import.meta.dirname;

/** Our own modules: in a clone beside the packages, in the published package beside the code. */
export function findPythonModules(): string {
  const installed = join(here, '../python');
  const folder = existsSync(join(installed, 'cluster_ai')) ? installed : join(here, '../../../../../python');
  return [folder, join(folder, 'model_registry/src')].join(delimiter);
}

/** The Python that compute set up on this machine, the newest where there are several; the machine's own where there is none. */
export function findPython({ root }: DataFolder, environment: Readonly<Record<string, string | undefined>>): string {
  const environments = environment['CLUSTER_AI_PYTHON_ENVIRONMENTS'] ?? join(root, 'compute', 'python');
  const markers = existsSync(environments)
    ? readdirSync(environments)
        .map((name) => join(environments, name, 'finished.json'))
        .filter((marker) => existsSync(marker))
    : [];
  const [newest] = markers.sort((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
  return newest === undefined ? 'python3' : join(newest, '../bin/python');
}
