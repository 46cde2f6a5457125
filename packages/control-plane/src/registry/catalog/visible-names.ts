import type { ModelGrants } from '../../access/model-grants.ts';

/** The names between these two, compared by their bytes. */
export interface NameRange {
  readonly from: string;
  readonly before: string;
}

const toRange = (pattern: string): NameRange => {
  const fixed = pattern.toLowerCase();
  const star = fixed.indexOf('*');
  if (star < 0) return { from: fixed, before: `${fixed}\u0001` }; // less than any letter of a name
  const start = fixed.slice(0, star);
  return { from: start, before: `${start}\u{10ffff}` };
};

/**
 * Where the names that somebody may use lie: for the database, which needs not look elsewhere. Wider than what is granted where a pattern has
 * more than one `*` or begins with one, so each name is compared once more. `undefined`: anywhere.
 */
export function rangesOf({ models, ownerModels }: ModelGrants): readonly (readonly NameRange[])[] {
  return [models, ownerModels].flatMap((patterns) => (patterns === undefined ? [] : [patterns.map(toRange)]));
}

export const isRestricted = ({ models, ownerModels }: ModelGrants): boolean => models !== undefined || ownerModels !== undefined;
