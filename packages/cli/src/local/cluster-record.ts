import { readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataFolder } from '@cluster-ai/runtime';
import { z } from 'zod';

/** What `up` writes for the other commands of this machine: where its cluster answers. */
const clusterRecordShape = z.object({
  pid: z.int(),
  url: z.string(),
  linkAddress: z.string(),
  clusterName: z.string(),
  version: z.string(),
  startedAt: z.iso.datetime(),
});
export type ClusterRecord = z.infer<typeof clusterRecordShape>;

const recordPath = (folder: DataFolder) => join(folder.run, 'cluster.json');

export async function writeClusterRecord(folder: DataFolder, record: ClusterRecord): Promise<void> {
  const path = recordPath(folder);
  await writeFile(`${path}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path); // readers see the old one or the new one, never half of it
}

export const removeClusterRecord = async (folder: DataFolder): Promise<void> => rm(recordPath(folder), { force: true });

/** `undefined` when nothing runs here, or what lies there is not ours. */
export function findClusterRecord(folder: DataFolder): ClusterRecord | undefined {
  try {
    return clusterRecordShape.parse(JSON.parse(readFileSync(recordPath(folder), 'utf8')));
  } catch {
    return undefined;
  }
}
