import { type FacetCounts, type FacetName, facetNames } from '@cluster-ai/contracts';
import { type ModelGrants, mayUseModel } from '../../access/model-grants.ts';
import type { Query } from '../../stores/database.ts';
import { facetRange } from './search-words.ts';
import { isRestricted, rangesOf } from './visible-names.ts';

/** Values beyond these are left out of a facet, the rarest first. */
const MOST_VALUES = 50;

type Counts = readonly { readonly value: string; readonly models: number }[];

/** As the counters say, which every change keeps. */
async function readCounters(query: Query, facet: FacetName): Promise<Counts> {
  const { from, before } = facetRange(facet);
  const rows = await query
    .selectFrom('catalog_word_counts')
    .selectAll()
    .where('word', '>=', from)
    .where('word', '<', before)
    .orderBy('models', 'desc')
    .orderBy('word')
    .limit(MOST_VALUES)
    .execute();
  return rows.map(({ word, models }) => ({ value: word.slice(from.length), models: Number(models) }));
}

/** Counted anew, over what somebody may use: the counters would tell of the others. */
async function countVisible(query: Query, facet: FacetName, grants: ModelGrants): Promise<Counts> {
  const { from, before } = facetRange(facet);
  const rows = await query
    .selectFrom('catalog_words')
    .innerJoin('catalog_entries', 'catalog_entries.number', 'catalog_words.number')
    .select(['word', 'name_lower'])
    .where('word', '>=', from)
    .where('word', '<', before)
    .where(({ and, or, eb }) =>
      and(
        rangesOf(grants).map((ranges) =>
          or(ranges.map((range) => and([eb('name_lower', '>=', range.from), eb('name_lower', '<', range.before)]))),
        ),
      ),
    )
    .execute();
  const counts = new Map<string, number>();
  for (const { word, name_lower } of rows) if (mayUseModel(grants, name_lower)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .sort(([a, manyOfA], [b, manyOfB]) => manyOfB - manyOfA || (a < b ? -1 : 1))
    .slice(0, MOST_VALUES)
    .map(([word, models]) => ({ value: word.slice(from.length), models }));
}

/** Which values each facet has, over all models that the grants allow, the commonest first. */
export async function countFacets(query: Query, grants: ModelGrants): Promise<FacetCounts> {
  const counts: [FacetName, Counts][] = [];
  for (const facet of facetNames)
    counts.push([facet, isRestricted(grants) ? await countVisible(query, facet, grants) : await readCounters(query, facet)]);
  return Object.fromEntries(counts.map(([facet, values]) => [facet, [...values]])) as FacetCounts;
}
