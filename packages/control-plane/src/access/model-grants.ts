import { ClusterError } from '@cluster-ai/contracts';
import type { Caller } from './caller.ts';

/** What a caller may use: both lists must allow a model, its own and, of a key, its owner's. */
export type ModelGrants = Pick<Caller, 'models' | 'ownerModels'>;

/**
 * Whether a name fits to a pattern, in which `*` stands for any run of characters. In time that grows with the two lengths only: patterns
 * are given by people, and a regular expression of them could be made to take for ever.
 */
function matches(pattern: string, name: string): boolean {
  let at = 0; // in the name
  let star = -1; // the last `*` of the pattern, and up to where it has swallowed the name
  let swallowed = 0;
  for (let index = 0; at < name.length; ) {
    if (pattern[index] === '*') {
      star = index++;
      swallowed = at;
    } else if (pattern[index] === name[at]) {
      index++;
      at++;
    } else if (star >= 0) {
      index = star + 1;
      at = ++swallowed;
    } else return false;
    if (at === name.length) return /^\**$/.test(pattern.slice(index));
  }
  return /^\**$/.test(pattern);
}

const fitsOne = (patterns: readonly string[] | undefined, name: string) =>
  patterns === undefined || patterns.some((pattern) => matches(pattern.toLowerCase(), name));

/** Whether the caller may use the model of this name. */
export function mayUseModel({ models, ownerModels }: ModelGrants, name: string): boolean {
  if (models === undefined && ownerModels === undefined) return true;
  const lower = name.toLowerCase();
  return fitsOne(models, lower) && fitsOne(ownerModels, lower);
}

/** Throws `model_not_found`, as for a model that is not there: who may not use it need not know of it. */
export function checkModelGrant(caller: ModelGrants, name: string): void {
  if (mayUseModel(caller, name)) return;
  throw new ClusterError('model_not_found', `There is no model "${name}" that you may use.`, {
    hint: 'Yours are listed by GET /v1/models; an admin can grant more.',
  });
}
