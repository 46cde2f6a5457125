/** One thing that a model must have: a word of its text (perhaps only its beginning), or a value of a facet. */
export interface SearchTerm {
  readonly word: string;
  readonly isPrefix: boolean;
  /** The column that tells the same of an entry, without a look at its words. */
  readonly column?: string;
  /** How many models have it. */
  readonly models: number;
}

/**
 * How to answer: nothing has all of it; begin with the models that have one term, test the others, and sort; or walk along the order that
 * was asked for and test each model until the page is full.
 */
export type SearchPlan = { readonly by: 'nothing' } | { readonly by: 'term'; readonly term: SearchTerm } | { readonly by: 'order' };

// measured (bench/registry): what looking at one model costs, in the same unit
const COST = { fromTerm: 3, inOrder: 1, inOrderWithWords: 4 };
/** Words of one text belong together more often than chance says, or never do: so much is looked at before chance is trusted. */
const FEW_ENOUGH = 10_000;

/** Chooses the cheaper way by how frequent the terms are. Pure. */
export function planSearch(terms: readonly SearchTerm[], total: number, pageSize: number): SearchPlan {
  if (terms.some(({ models }) => models === 0)) return { by: 'nothing' };
  const [rarest] = terms.toSorted((a, b) => a.models - b.models);
  if (rarest === undefined) return { by: 'order' };
  const words = terms.filter(({ column }) => column === undefined).length;
  if (words > 1 && rarest.models <= FEW_ENOUGH) return { by: 'term', term: rarest };
  const share = terms.reduce((product, { models }) => product * Math.min(1, models / Math.max(1, total)), 1);
  const walked = Math.min(total, pageSize / Math.max(share, 1e-9));
  const inOrder = walked * (words > 0 ? COST.inOrderWithWords : COST.inOrder);
  return rarest.models * COST.fromTerm <= inOrder ? { by: 'term', term: rarest } : { by: 'order' };
}
