import type { CatalogModel, FacetName } from '@cluster-ai/contracts';
import { toSizeClass } from './describe-model.ts';

const MOST_WORDS = 300;
const LONGEST_WORD = 40;

/** Words as search compares them: lower case, without accents, letters and digits only. */
export function toWords(text: string): readonly string[] {
  const plain = text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();
  return plain.split(/[^\p{L}\p{N}]+/u).flatMap((word) => (word === '' ? [] : [word.slice(0, LONGEST_WORD)]));
}

export const namespaceOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('/')));

/** The same table holds what a model is, as words that no text has: they contain a colon. */
export const toFacetWord = (facet: FacetName, value: string): string => `${facet}:${value}`;

/** All values of a facet lie between these two words. */
export const facetRange = (facet: FacetName): { readonly from: string; readonly before: string } => ({
  from: `${facet}:`,
  before: `${facet};`,
});

function facetWords({ name, framework, task, licence, languages, sizeBytes }: CatalogModel): readonly string[] {
  const values: readonly (readonly [FacetName, string])[] = [
    ['framework', framework],
    ['task', task],
    ['licence', licence],
    ...languages.map((language) => ['language', language] as const),
    ['size', toSizeClass(sizeBytes)],
    ['namespace', namespaceOf(name.toLowerCase())],
  ];
  return values.flatMap(([facet, value]) => (value === '' ? [] : [toFacetWord(facet, value)]));
}

/** Everything by which a model is found. The name first: of very long texts the end is left out. */
export function wordsOf(model: CatalogModel, tags: Readonly<Record<string, string>>): ReadonlySet<string> {
  const tagText = Object.entries(tags).flat().join(' ');
  const words = [model.name, tagText, model.description].flatMap(toWords);
  return new Set([...facetWords(model), ...words.slice(0, MOST_WORDS)]);
}
