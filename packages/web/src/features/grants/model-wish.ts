/** Which models may be used, as somebody chooses them. */
export interface ModelWish {
  readonly reach: 'all' | 'some';
  /** Names and patterns that are ticked. */
  readonly chosen: readonly string[];
  /** Others, written with commas or spaces. */
  readonly more: string;
}

export const everyModel: ModelWish = { reach: 'all', chosen: [], more: '' };

export const toModelWish = (models: readonly string[] | null): ModelWish =>
  models === null ? everyModel : { reach: 'some', chosen: models, more: '' };

/** What the server is asked for: null for all models, an empty list for none. */
export const toPatterns = ({ reach, chosen, more }: ModelWish): string[] | null =>
  reach === 'all' ? null : [...new Set([...chosen, ...more.split(/[,\s]+/).filter(Boolean)])];

/** What can be ticked: whole namespaces, then models, then whatever else was granted before. */
export function listOffers(models: readonly string[], granted: readonly string[]): readonly string[] {
  const namespaces = models.filter((name) => name.includes('/')).map((name) => `${name.slice(0, name.indexOf('/'))}/*`);
  return [...new Set([...namespaces.sort(), ...[...models].sort(), ...granted])];
}
