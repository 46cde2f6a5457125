import type { SearchModelsInput } from '@cluster-ai/client';

// Written out, not taken from the contracts: the router needs this file at the start, and the page's code would grow with theirs.
export const facets = ['framework', 'task', 'licence', 'language', 'size', 'namespace'] as const;
export type Facet = (typeof facets)[number];
export const sorts = ['updated', 'name', 'size'] as const;
export type Sort = (typeof sorts)[number];

/** What is looked for among the models, as it stands in the page's address. */
export interface ListSearch extends Readonly<Partial<Record<Facet, string>>> {
  readonly search?: string;
  readonly sort?: Sort;
}

/** Reads the page's address; what is no filter is left out. */
export function toListSearch(search: Readonly<Record<string, unknown>>): ListSearch {
  const given = (['search', ...facets] as const).flatMap((name) => {
    const value = search[name];
    // An address may hold a number where a word was meant.
    const text = typeof value === 'string' || typeof value === 'number' ? String(value).trim().slice(0, 200) : '';
    return text === '' ? [] : [[name, text] as const];
  });
  const sort = sorts.find((one) => one === search['sort']);
  return { ...Object.fromEntries(given), ...(sort === undefined || sort === 'updated' ? {} : { sort }) };
}

/** What the server is asked. An address with a framework or size that does not exist finds nothing, which the server says. */
export const toSearchInput = (search: ListSearch): SearchModelsInput => ({ ...search, facets: true }) as SearchModelsInput;

export const isNarrowed = ({ sort: _, ...rest }: ListSearch): boolean => Object.keys(rest).length > 0;

/** Chooses a value of a facet, or none. */
export function withFacet(search: ListSearch, facet: Facet, value: string | undefined): ListSearch {
  const { [facet]: _, ...rest } = search;
  return value === undefined ? rest : { ...rest, [facet]: value };
}
