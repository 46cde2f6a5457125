import { expect, test } from 'vitest';
import { isNarrowed, toListSearch, toSearchInput, withFacet } from './list-search.ts';

test('the address says what is looked for; what is no filter is left out', () => {
  expect(toListSearch({ search: ' llama ', framework: 'gguf', other: 'x', sort: 'size', task: '', size: 7 })).toEqual({
    search: 'llama',
    framework: 'gguf',
    size: '7',
    sort: 'size',
  });
  expect(toListSearch({ sort: 'updated' })).toEqual({});
  expect(toListSearch({ sort: 'beauty' })).toEqual({});
});

test('a facet is chosen and given up again; the order alone does not narrow', () => {
  const chosen = withFacet({ search: 'a', sort: 'name' }, 'licence', 'mit');
  expect(chosen).toEqual({ search: 'a', sort: 'name', licence: 'mit' });
  expect(withFacet(chosen, 'licence', undefined)).toEqual({ search: 'a', sort: 'name' });
  expect(isNarrowed({ sort: 'name' })).toBe(false);
  expect(isNarrowed(chosen)).toBe(true);
  expect(toSearchInput(chosen)).toMatchObject({ licence: 'mit', facets: true });
});
