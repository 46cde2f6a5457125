import { afterEach, beforeEach, expect, test } from 'vitest';
import { actors, type CatalogPlace, digestOf, foundTo, openCatalogPlace } from './testing/open-catalog-place.ts';

let place: CatalogPlace;
beforeEach(async () => {
  place = await openCatalogPlace();
});
afterEach(() => place[Symbol.asyncDispose]());

const file = (seed: string, sizeBytes: number) => ({
  path: seed,
  digest: digestOf(seed),
  sizeBytes,
  mediaType: 'application/octet-stream',
});
const [weights, adapter, text] = [file('weights', 100), file('adapter', 50), file('text', 5)];
const verdictOf = async (name: string) => (await place.catalog.version({ name, version: 1 })).inspection?.verdict ?? null;

test('a version of bytes that were inspected carries what was found', async () => {
  await place.publish('seen', [weights], { inspection: foundTo('suspicious') });
  const made = await place.publish('made', [weights, text]);
  expect(made.inspection).toEqual(foundTo('suspicious'));
  expect(await place.catalog.get('made')).toMatchObject({ parameterCount: 7 });
});

test('what nobody looked into stays not checked', async () => {
  await place.publish('seen', [weights, text], { inspection: foundTo('safe') });
  await place.publish('other', [file('else', 100), text]);
  expect(await verdictOf('other')).toBeNull();
});

test('attack R12: what is dangerous is not less so under another name, nor beside other files', async () => {
  await place.publish('bad', [weights], { inspection: foundTo('dangerous') });
  await place.publish('safe', [file('other', 200)], { inspection: foundTo('safe') });
  await place.publish('made', [weights, text]);
  await place.publish('hidden', [file('other', 200), weights]);
  await place.publish('unseen', [file('new', 300), weights]);
  for (const name of ['made', 'hidden', 'unseen']) expect(await verdictOf(name), name).toBe('dangerous');
});

test('a file is no worse than the best version that it was found in', async () => {
  await place.publish('alone', [weights], { inspection: foundTo('safe') });
  await place.publish('with', [weights, adapter], { inspection: foundTo('dangerous') });
  await place.publish('made', [weights, text]);
  await place.publish('again', [weights, adapter, text]);
  expect([await verdictOf('made'), await verdictOf('again')]).toEqual(['safe', 'dangerous']);
});

test('an admin’s word is not carried', async () => {
  await place.publish('seen', [weights], { inspection: foundTo('suspicious') });
  await place.catalog.allow({ name: 'seen', version: 1 }, 'ours');
  expect((await place.publish('made', [weights, text], {}, actors.anyone)).allowed).toBeNull();
});
