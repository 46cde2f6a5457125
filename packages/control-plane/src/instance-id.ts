import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type DataFolder, newId } from '@cluster-ai/runtime';

/** Tells the control planes on one database apart: one for each data folder, the same after each start. */
export function readInstanceId(folder: Pick<DataFolder, 'database'>): string {
  const path = join(dirname(folder.database), 'instance');
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    const id = newId('instance', Date.now());
    writeFileSync(path, `${id}\n`, { mode: 0o600 });
    return id;
  }
}
