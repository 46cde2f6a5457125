import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type DataFolder, environmentsFolder } from '@cluster-ai/runtime';

/** The Python that compute set up on this machine, the newest where there are several; the machine's own where there is none. */
export function findPython({ root }: DataFolder): string {
  const environments = environmentsFolder(root);
  const markers = existsSync(environments)
    ? readdirSync(environments)
        .map((name) => join(environments, name, 'finished.json'))
        .filter((marker) => existsSync(marker))
    : [];
  const [newest] = markers.sort((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
  return newest === undefined ? 'python3' : join(newest, '../bin/python');
}
