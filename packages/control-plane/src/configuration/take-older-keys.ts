import { type OlderConfigKey, olderConfigKeys } from '@cluster-ai/contracts';

export interface OlderKeyProblem {
  readonly path: readonly string[];
  readonly what: string;
}

type Section = Record<string, unknown>;
const isSection = (value: unknown): value is Section => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The section that holds a key, and what it holds; `undefined` where there is none. */
function findKey(file: unknown, path: readonly string[]): { readonly section: Section; readonly name: string } | undefined {
  let section: unknown = file;
  for (const part of path.slice(0, -1)) section = isSection(section) ? section[part] : undefined;
  const name = path.at(-1) ?? '';
  return isSection(section) && Object.hasOwn(section, name) ? { section, name } : undefined;
}

function putKey(file: Section, path: readonly string[], value: unknown): void {
  let section = file;
  for (const part of path.slice(0, -1)) {
    const next = section[part];
    const made: Section = isSection(next) ? next : {};
    section[part] = made;
    section = made;
  }
  section[path.at(-1) ?? ''] = value;
}

/** Sections that held nothing else are no keys of today. */
function removeKey(file: Section, path: readonly string[]): void {
  const found = findKey(file, path);
  if (found === undefined) return;
  delete found.section[found.name];
  if (path.length > 1 && Object.keys(found.section).length === 0) removeKey(file, path.slice(0, -1));
}

function takeOne(file: Section, { path, becomes, isNegated = false, instead }: OlderConfigKey): OlderKeyProblem | undefined {
  const found = findKey(file, path);
  if (found === undefined) return undefined;
  if (becomes === undefined) return { path, what: instead ?? '' };
  const given = found.section[found.name];
  const value = isNegated && typeof given === 'boolean' ? !given : given;
  const today = findKey(file, becomes);
  if (today !== undefined && today.section[today.name] !== value)
    return { path, what: `is called \`${becomes.join('.')}\` now, which says something else in this file: keep that one` };
  removeKey(file, path);
  putKey(file, becomes, value);
  return undefined;
}

/** Changes a file as it was read, so that it has the keys of today only. Gives the first older one that cannot be taken. */
export function takeOlderKeys(file: unknown): OlderKeyProblem | undefined {
  if (!isSection(file)) return undefined;
  for (const key of olderConfigKeys) {
    const problem = takeOne(file, key);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
