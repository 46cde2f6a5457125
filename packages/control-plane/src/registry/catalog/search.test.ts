import { type CatalogModel, type CatalogSearch, catalogSearchShape, facetNames } from '@cluster-ai/contracts';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findPostgresPrograms, startThrowawayPostgres, type ThrowawayPostgres } from '../../stores/testing/throwaway-postgres.ts';
import { toSizeClass } from './describe-model.ts';
import { namespaceOf, toWords } from './search-words.ts';
import { type CatalogPlace, openCatalogPlace } from './testing/open-catalog-place.ts';

const programs = await findPostgresPrograms();
const everything = { models: undefined };
const asked = (query: Partial<Record<keyof CatalogSearch, string>> = {}) => catalogSearchShape.parse(query);
const namesOf = (models: readonly CatalogModel[]) => models.map(({ name }) => name);

const frameworks = ['pytorch', 'onnx', 'gguf'] as const;
const tasks = ['chat', 'vision', ''] as const;
const change = fc.record({
  model: fc.integer({ min: 0, max: 11 }),
  seed: fc.integer({ min: 0, max: 5 }),
  framework: fc.constantFrom(...frameworks),
  task: fc.constantFrom(...tasks),
  languages: fc.subarray(['pt', 'en', 'de']),
  act: fc.constantFrom('publish', 'publish', 'publish', 'remove', 'rename', 'update'),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

const nameOf = (model: number) => `${['lab', 'shop', 'lab/deep'][model % 3]}/Model-${model}`;

describe.each(['sqlite', ...(programs === undefined ? [] : ['postgres'])])('search on %s', (kind) => {
  let server: ThrowawayPostgres | undefined;
  let place: CatalogPlace;
  beforeAll(async () => {
    if (kind === 'postgres') server = await startThrowawayPostgres(programs ?? '');
  });
  afterAll(() => server?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    place = await openCatalogPlace((await server?.createDatabase()) ?? '');
  });
  afterEach(() => place[Symbol.asyncDispose]());

  async function apply({ act, model, seed, framework, task, languages }: Change): Promise<void> {
    const name = nameOf(model);
    const metadata = { languages, ...(task === '' ? {} : { task }) };
    if (act === 'publish') await place.publish(name, `${model}-${seed}`, { framework, metadata, tags: { seed: `tag${seed}` } });
    else if (act === 'remove') await place.removeModel(name).catch(() => {});
    else if (act === 'rename') await place.catalog.rename(name, `${name}-${seed}`).catch(() => {});
    else await place.catalog.update(name, { description: `about ${task} ${seed}`, metadata }).catch(() => {});
  }

  async function readAll(query: CatalogSearch, between: () => Promise<void> = async () => {}): Promise<readonly CatalogModel[]> {
    const models: CatalogModel[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await place.catalog.search({ ...query, cursor }, everything);
      models.push(...page.models);
      if (page.next === null) return models;
      cursor = page.next;
      await between();
    }
  }

  const valuesOf = (model: CatalogModel) => ({
    framework: [model.framework],
    task: [model.task],
    licence: [model.licence],
    language: model.languages,
    size: [toSizeClass(model.sizeBytes)],
    namespace: [namespaceOf(model.name.toLowerCase())],
  });

  test('after any changes: counters are counts, every search finds exactly what fits, and pages together are the list', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 5, maxLength: 25 }), async (changes) => {
        for (const each of changes) await apply(each);
        const all = await readAll(asked({ sort: 'name', limit: '200' }));
        const { facets } = await place.catalog.search(asked({ facets: 'true' }), everything);
        for (const facet of facetNames) {
          const counted = Object.entries(
            Object.groupBy(
              all.flatMap((model) => valuesOf(model)[facet]),
              (value) => value,
            ),
          );
          const expected = counted.flatMap(([value, models]) => (value === '' ? [] : [[value, models?.length]]));
          expect(Object.fromEntries(facets?.[facet].map(({ value, models }) => [value, models]) ?? []), facet).toEqual(
            Object.fromEntries(expected),
          );
        }
        for (const task of ['chat', 'vision'])
          for (const language of ['pt', undefined])
            expect(namesOf(await readAll(asked({ task, sort: 'name', limit: '2', ...(language && { language }) })))).toEqual(
              namesOf(all.filter((model) => model.task === task && (language === undefined || model.languages.includes(language)))),
            );
        for (const search of ['chat', 'mode', 'deep model 1'])
          expect(namesOf(await readAll(asked({ search, sort: 'name', limit: '3' }))), search).toEqual(
            namesOf(
              all.filter(({ name, description }) => {
                const words = toWords(`${name} ${description}`);
                const wanted = toWords(search);
                return wanted.every((word, index) =>
                  words.some((own) => (index === wanted.length - 1 ? own.startsWith(word) : own === word)),
                );
              }),
            ),
          );
        for (const sort of ['updated', 'name', 'size'] as const)
          for (const order of ['asc', 'desc'] as const)
            expect(namesOf(await readAll(asked({ sort, order, limit: '3' }))).toSorted(), sort).toEqual(namesOf(all).toSorted());
      }),
      { numRuns: kind === 'sqlite' ? 8 : 3 },
    );
  });

  test('what does not change while somebody turns the pages is on exactly one of them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 8, maxLength: 12 }),
        fc.constantFrom('updated', 'name', 'size'),
        async (changes, sort) => {
          for (let model = 0; model < 12; model++) await place.publish(nameOf(model), `first-${model}`);
          const before = namesOf(await readAll(asked({ limit: '200' })));
          const queue = [...changes];
          const touched = new Set<string>();
          const read = await readAll(asked({ sort, limit: '3' }), async () => {
            const next = queue.pop();
            if (!next) return;
            touched.add(nameOf(next.model));
            await apply(next);
          });
          const quiet = before.filter((name) => !touched.has(name));
          const seen = namesOf(read);
          for (const name of quiet)
            expect(
              seen.filter((other) => other === name),
              name,
            ).toHaveLength(1);
        },
      ),
      { numRuns: kind === 'sqlite' ? 8 : 3 },
    );
  });

  test('references are what the rows say: after any changes exactly the bytes that no version has wait to be collected', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 10, maxLength: 30 }), async (changes) => {
        for (const each of changes) await apply(each);
        const used = await place.database.query.selectFrom('files').select('digest').distinct().execute();
        const all = await place.database.query.selectFrom('blobs').select('digest').execute();
        const isUsed = new Set(used.map(({ digest }) => digest));
        expect(await place.unlinked()).toEqual(
          all
            .map(({ digest }) => digest)
            .filter((digest) => !isUsed.has(digest))
            .toSorted(),
        );
      }),
      { numRuns: kind === 'sqlite' ? 6 : 2 },
    );
  });

  test('a cursor that was changed, or belongs to another list, is refused', async () => {
    for (let model = 0; model < 6; model++) await place.publish(nameOf(model), model);
    const { next } = await place.catalog.search(asked({ limit: '2' }), everything);
    const search = (cursor: string, query = {}) => place.catalog.search({ ...asked({ limit: '2', ...query }), cursor }, everything);
    const forged = [
      '',
      'x',
      '!!',
      Buffer.from('[1,2]').toString('base64url'),
      Buffer.from(`["${'a'.repeat(12)}",1,1]`).toString('base64url'),
    ];
    for (const cursor of forged) await expect(search(cursor), cursor).rejects.toMatchObject({ code: 'cursor_invalid' });
    for (const other of [{ sort: 'name' }, { order: 'asc' }, { framework: 'onnx' }, { search: 'model' }])
      await expect(search(next ?? '', other)).rejects.toMatchObject({ code: 'cursor_invalid' });
    await expect(place.catalog.versions(nameOf(0), { limit: 1, cursor: next ?? '' })).rejects.toMatchObject({ code: 'cursor_invalid' });
    expect((await search(next ?? '')).models).toHaveLength(2);
  });

  test('attack 7: who may use some models sees, pages and counts only these', async () => {
    for (let model = 0; model < 12; model++) await place.publish(nameOf(model), model, { metadata: { languages: ['pt'] } });
    for (const [grants, fits] of [
      [{ models: ['shop/*'] }, (name: string) => name.startsWith('shop/')],
      [{ models: ['*-1'] }, (name: string) => name.endsWith('-1')],
      [
        { models: ['LAB/*', 'shop/model-4'], ownerModels: ['*4', '*/model-0'] },
        (name: string) => /(lab\/Model-0|shop\/Model-4)$/.test(name),
      ],
      [{ models: [] }, () => false],
    ] as const) {
      const found: string[] = [];
      for (let cursor: string | undefined; ; ) {
        const page = await place.catalog.search({ ...asked({ limit: '2', sort: 'name', facets: 'true' }), cursor }, grants);
        found.push(...namesOf(page.models));
        expect(page.facets?.language.reduce((sum, { models }) => sum + models, 0)).toBe(
          Array.from({ length: 12 }, (_, model) => nameOf(model)).filter(fits).length,
        );
        if (page.next === null) break;
        cursor = page.next;
      }
      expect(found).toEqual(
        Array.from({ length: 12 }, (_, model) => nameOf(model))
          .filter(fits)
          .toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)),
      );
    }
  });

  test('words are found without accents and in any case, and what looks like a pattern is only text', async () => {
    await place.publish('a', 1, { description: 'Geração de código: 100% _português_' });
    await place.publish('b', 2, { description: 'nothing' });
    for (const search of ['geracao', 'CÓDIGO', 'portug', '100'])
      expect(namesOf((await place.catalog.search(asked({ search }), everything)).models), search).toEqual(['a']);
    for (const search of ['%', '_', '*', "'; drop table models; --", '"'])
      expect((await place.catalog.search(asked({ search }), everything)).models.length, search).toBe(search.includes('drop') ? 0 : 2);
  });
});
