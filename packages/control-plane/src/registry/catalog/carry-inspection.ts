import type { Inspection, ModelFile, Verdict } from '@cluster-ai/contracts';
import type { Query } from '../../stores/database.ts';
import { readInspection } from './read-versions.ts';

/** Bytes that half of all versions have (a licence) are not looked up in each of them. */
const MOST_VERSIONS = 50;

const badness: Readonly<Record<Verdict, number>> = { safe: 0, suspicious: 1, dangerous: 2 };

interface Known {
  readonly inspection: Inspection;
  /** It was the largest file there: what the inspection says first is about these bytes. */
  readonly isWeights: boolean;
}

const best = (known: readonly Known[]): Inspection | undefined =>
  known.toSorted((a, b) => badness[a.inspection.verdict] - badness[b.inspection.verdict])[0]?.inspection;

async function findKnown(query: Query, digest: string): Promise<readonly Known[]> {
  const rows = await query
    .selectFrom('files')
    .innerJoin('versions', 'versions.id', 'files.version_id')
    .select(['versions.inspection_json', 'files.size_bytes'])
    .select((of) =>
      of
        .selectFrom('files as other')
        .whereRef('other.version_id', '=', 'versions.id')
        .select((each) => each.fn.max('other.size_bytes').as('largest'))
        .as('largest'),
    )
    .where('files.digest', '=', digest)
    .where('versions.inspection_json', 'is not', null)
    .limit(MOST_VERSIONS)
    .execute();
  return rows.flatMap(({ inspection_json, size_bytes, largest }) => {
    const inspection = readInspection(inspection_json);
    return inspection === null ? [] : [{ inspection, isWeights: Number(largest) === size_bytes }];
  });
}

/**
 * What is known of files that were inspected within other versions. The same bytes are the same danger under every name: a version's verdict
 * covers each of its files, so the best one that a file has had is never better than the file. `undefined` where nobody has looked.
 */
export async function carryInspection(query: Query, files: readonly ModelFile[]): Promise<Inspection | undefined> {
  const [weights, ...others] = files.toSorted((a, b) => b.sizeBytes - a.sizeBytes);
  if (weights === undefined) return undefined;
  let carried = best((await findKnown(query, weights.digest)).filter(({ isWeights }) => isWeights));
  for (const { digest } of others) {
    const known = best(await findKnown(query, digest));
    if (known === undefined || badness[known.verdict] <= badness[carried?.verdict ?? 'safe']) continue;
    carried = { ...(carried ?? known), verdict: known.verdict, reasons: known.reasons };
  }
  return carried;
}
