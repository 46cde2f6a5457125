export const modelTabs = ['about', 'versions', 'files', 'running', 'use'] as const;
export type ModelTab = (typeof modelTabs)[number];

/** Reads the page's address: which part of a model is shown; the first where nothing is said. */
export function toModelTab(search: Readonly<Record<string, unknown>>): { readonly tab?: ModelTab } {
  const tab = modelTabs.find((one) => one === search['tab']);
  return tab === undefined || tab === 'about' ? {} : { tab };
}
