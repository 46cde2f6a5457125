import { join } from 'node:path';
import type { Logger } from '@cluster-ai/runtime';
import { isRecord, openJsonFile } from '../json-file.ts';
import { createPopularity, type Popularity, type PopularityRecord } from './popularity.ts';

const isCount = (value: unknown): value is { value: number; at: number } =>
  isRecord(value) && Number.isFinite(value['value']) && Number.isFinite(value['at']);

function toRecord(value: unknown): PopularityRecord | undefined {
  if (!isRecord(value) || typeof value['uses'] !== 'number' || !isRecord(value['known'])) return undefined;
  const known = Object.entries(value['known']).filter((entry): entry is [string, { value: number; at: number }] => isCount(entry[1]));
  return { uses: value['uses'], known: Object.fromEntries(known) };
}

/** The popularity as it was at the end; where the file is lost, what is kept (the oldest first) counts as used once each. */
export async function openPopularity(
  folder: string,
  keptDigests: readonly string[],
  log: Logger,
): Promise<Pick<Popularity, 'of'> & { use(digest: string): Promise<void> }> {
  const file = openJsonFile(join(folder, 'popularity.json'), 'After a restart the cache knows less about what is used often', log);
  const record = toRecord(await file.read());
  const popularity = createPopularity(record);
  if (record === undefined) for (const digest of keptDigests) popularity.use(digest);
  return {
    of: popularity.of,
    use: (digest) => {
      popularity.use(digest);
      return file.write(popularity.toRecord);
    },
  };
}
