import { catalogSearchShape } from '@cluster-ai/contracts';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findPostgresPrograms, startThrowawayPostgres, type ThrowawayPostgres } from '../../stores/testing/throwaway-postgres.ts';
import { actors, type CatalogPlace, digestOf, foundTo, openCatalogPlace } from './testing/open-catalog-place.ts';

const { anyone, keeper } = actors;
const programs = await findPostgresPrograms();

describe.each(['sqlite', ...(programs === undefined ? [] : ['postgres'])])('the catalog on %s', (kind) => {
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

  test('a published version is told with everything that was said of it', async () => {
    const version = await place.publish('Lab/ResNet', 'a', {
      semver: '1.0.0',
      description: 'Looks at pictures.',
      framework: 'pytorch',
      metadata: { task: 'image-classification', licence: 'mit', languages: ['pt'], metrics: { accuracy: 0.91, dataset: 'imagenet' } },
      inspection: foundTo('safe'),
      aliases: ['stable'],
      tags: { stage: 'test' },
    });
    expect(version).toMatchObject({
      version: 1,
      semver: '1.0.0',
      framework: 'pytorch',
      aliases: ['latest', 'stable'],
      tags: { stage: 'test' },
    });
    expect(await place.catalog.get('lab/resnet')).toMatchObject({
      name: 'Lab/ResNet',
      description: 'Looks at pictures.',
      task: 'image-classification',
      licence: 'mit',
      languages: ['pt'],
      parameterCount: 7,
      versionCount: 1,
      latest: version,
      aliases: [{ alias: 'latest' }, { alias: 'stable', isProtected: false }],
    });
    for (const choice of [1, '1', '1.0.0', 'v1.0.0', 'STABLE', version.manifestDigest])
      expect((await place.catalog.version({ name: 'lab/resnet', version: choice })).version, String(choice)).toBe(1);
  });

  test('a semantic version is never given other files; the same files again are the same version', async () => {
    const first = await place.publish('m', 'a', { semver: '1.0.0' });
    await expect(place.publish('m', 'b', { semver: '1.0.0' })).rejects.toMatchObject({ code: 'already_exists', param: 'version' });
    expect(await place.publish('m', 'a', { semver: '1.0.0' })).toEqual(first);
    for (const semver of ['1.0', 'one', '1.0.0.0', '01.0.0', `1.0.${'9'.repeat(70)}`])
      await expect(place.publish('m', 'b', { semver }), semver).rejects.toMatchObject({ code: 'invalid_request' });
    expect((await place.catalog.versions('m', { limit: 10 })).versions).toHaveLength(1);
  });

  test('a version is what it was published as, whoever writes to the database', async () => {
    await place.publish('m', 'a', { semver: '1.0.0' });
    const changes = [
      "update versions set semver = '2.0.0'",
      "update versions set manifest_digest = 'sha256:00'",
      'update versions set size_bytes = 1',
      "update files set digest = 'sha256:00'",
      "update files set path = 'other'",
    ];
    for (const change of changes)
      await expect(
        place.database.transaction((transaction) => sql.raw(change).execute(transaction)),
        change,
      ).rejects.toMatchObject({ code: 'conflict' });
  });

  test('aliases move, and go back; going back once more undoes it; the history tells all of it', async () => {
    await place.publish('m', 1);
    await place.publish('m', 2);
    await place.publish('m', 3);
    await place.catalog.putAlias('m', 'Stable', { version: 1 }, anyone);
    expect(await place.catalog.putAlias('m', 'stable', { version: '2' }, anyone)).toMatchObject({ alias: 'Stable', version: 2 });
    expect(await place.catalog.rollback('m', 'STABLE', anyone)).toMatchObject({ version: 1 });
    expect(await place.catalog.rollback('m', 'stable', anyone)).toMatchObject({ version: 2 });
    await place.catalog.removeAlias('m', 'stable', keeper);
    expect((await place.catalog.aliasHistory('m', 'stable')).map(({ from, to, kind, actor }) => [kind, from, to, actor])).toEqual([
      ['remove', 2, null, 'kim'],
      ['rollback', 1, 2, 'ana'],
      ['rollback', 2, 1, 'ana'],
      ['move', 1, 2, 'ana'],
      ['move', null, 1, 'ana'],
    ]);
    await expect(place.catalog.rollback('m', 'stable', anyone)).rejects.toMatchObject({ code: 'alias_not_found' });
    await expect(place.catalog.removeAlias('m', 'latest', keeper)).rejects.toMatchObject({ code: 'invalid_request' });
  });

  test('what an alias pointed to may be gone: then there is no way back', async () => {
    await place.publish('m', 1);
    await expect(place.catalog.rollback('m', 'latest', anyone)).rejects.toMatchObject({ code: 'conflict' });
    await place.publish('m', 2);
    await place.catalog.removeVersion({ name: 'm', version: 1 });
    await expect(place.catalog.rollback('m', 'latest', anyone)).rejects.toMatchObject({ code: 'conflict' });
  });

  test('a protected alias moves only by the right for it, and only to what was found safe', async () => {
    await place.publish('m', 1, { inspection: foundTo('safe') });
    await place.publish('m', 2, { inspection: foundTo('suspicious') });
    await place.publish('m', 3, { inspection: foundTo('safe') });
    await place.publish('m', 4);
    const put = (version: number, actor = keeper, isProtected?: boolean) =>
      place.catalog.putAlias('m', 'production', { version, isProtected }, actor);
    await expect(put(1, anyone, true)).rejects.toMatchObject({ code: 'forbidden' });
    await put(1, keeper, true);
    await expect(put(3, anyone)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(put(3, anyone, false)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(put(2)).rejects.toMatchObject({ code: 'verdict_refused' });
    await expect(put(4)).rejects.toMatchObject({ code: 'verdict_refused' });
    await put(3);
    await expect(place.catalog.rollback('m', 'production', anyone)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(place.catalog.removeAlias('m', 'production', anyone)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(place.publish('m', 5, { aliases: ['production'], inspection: foundTo('safe') })).rejects.toMatchObject({
      code: 'forbidden',
    });
    expect(await place.catalog.rollback('m', 'production', keeper)).toMatchObject({ version: 1, isProtected: true });
    expect(await put(1, keeper, false)).toMatchObject({ isProtected: false });
    expect(await put(2, anyone)).toMatchObject({ version: 2 });
    expect((await place.catalog.get('m')).versionCount).toBe(4);
  });

  test('a version that an alias or a deployment uses stays, and the refusal says what to do', async () => {
    await place.publish('m', 1);
    await place.publish('m', 2);
    const remove = (version: number) => place.catalog.removeVersion({ name: 'm', version });
    await expect(remove(2)).rejects.toMatchObject({
      code: 'in_use',
      message: expect.stringContaining('latest'),
      hint: expect.stringContaining('Move'),
    });
    place.deployed.add(digestOf(1));
    await expect(remove(1)).rejects.toMatchObject({ code: 'in_use', hint: expect.stringContaining('unload') });
    await expect(place.catalog.rename('m', 'n')).rejects.toMatchObject({ code: 'in_use' });
    place.deployed.clear();
    await remove(1);
    expect(await place.unlinked()).toEqual([digestOf(1)]);
    expect((await place.catalog.versions('m', { limit: 10 })).versions.map(({ version }) => version)).toEqual([2]);
    await expect(remove(1)).rejects.toMatchObject({ code: 'version_not_found' });
    expect((await place.publish('m', 3)).version).toBe(3);
  });

  test('bytes that another version or model uses are kept', async () => {
    await place.publish('m', place.toFiles('shared', 'own'));
    await place.publish('m', place.toFiles('shared', 'newer'));
    await place.catalog.removeVersion({ name: 'm', version: 1 });
    expect(await place.unlinked()).toEqual([digestOf('own')]);
  });

  test('two versions differ by files and by what is said of them', async () => {
    await place.publish('m', place.toFiles('same', 'gone'), { semver: '1.0.0', metadata: { metrics: { accuracy: 0.9 } } });
    const changed = { path: 'same.bin', digest: digestOf('x'), sizeBytes: 30, mediaType: 'application/octet-stream' };
    await place.publish('m', [changed, ...place.toFiles('new')], {
      semver: '1.1.0',
      metadata: { metrics: { accuracy: 0.95 } },
      tags: { a: 'b' },
    });
    const diff = await place.catalog.diff('m', '1.0.0', 'latest');
    expect(diff).toMatchObject({ from: 1, to: 2, sizeDeltaBytes: 20, files: { unchanged: 0 } });
    expect(diff.files.added.map(({ path }) => path)).toEqual(['new.bin']);
    expect(diff.files.removed.map(({ path }) => path)).toEqual(['gone.bin']);
    expect(diff.files.changed.map(({ path }) => path)).toEqual(['same.bin']);
    expect(diff.metadata).toEqual([
      { path: 'metadata.metrics.accuracy', before: 0.9, after: 0.95 },
      { path: 'semver', before: '1.0.0', after: '1.1.0' },
      { path: 'tags.a', before: null, after: 'b' },
    ]);
  });

  test('renaming frees the old name and takes everything along; two names that differ only by case are one', async () => {
    await place.publish('Lab/One', 1);
    await place.publish('two', 2);
    for (const taken of ['TWO', 'Two'])
      await expect(place.catalog.rename('lab/one', taken)).rejects.toMatchObject({ code: 'already_exists' });
    await expect(place.catalog.rename('lab/one', '../up')).rejects.toMatchObject({ code: 'invalid_model_reference' });
    expect(await place.catalog.rename('lab/one', 'Shop/Uno')).toMatchObject({ name: 'Shop/Uno', versionCount: 1 });
    await expect(place.catalog.get('lab/one')).rejects.toMatchObject({ code: 'model_not_found' });
    expect(await place.catalog.rename('shop/uno', 'SHOP/UNO')).toMatchObject({ name: 'SHOP/UNO' });
    await place.publish('Lab/One', 3);
    const names = await place.database.query.selectFrom('door_names').select('name').where('door', '=', 'native').orderBy('name').execute();
    expect(names.map(({ name }) => name)).toEqual(['lab/one', 'shop/uno', 'two']);
    const page = await place.catalog.search(catalogSearchShape.parse({ namespace: 'shop' }), { models: undefined });
    expect(page.models.map(({ name }) => name)).toEqual(['SHOP/UNO']);
  });

  test('names that are one in another door get numbers there', async () => {
    for (const name of ['a/b', 'a.b', '__x__', 'x']) await place.publish(name, name);
    const names = await place.database.query.selectFrom('door_names').select(['door', 'name']).where('door', '<>', 'native').execute();
    expect(
      names
        .filter(({ door }) => door === 'mlflow')
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['__x__', 'a.b', 'a.b-2', 'x']);
    expect(
      names
        .filter(({ door }) => door === 'oci')
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['a.b', 'a/b', 'x', 'x-2']);
  });

  test('a copy has the same versions and bytes, and no alias but latest; one version alone begins anew', async () => {
    await place.publish('m', 1, { semver: '1.0.0', tags: { a: 'b' } });
    await place.publish('m', 2, { aliases: ['stable'] });
    await place.catalog.rollback('m', 'latest', anyone);
    expect(await place.catalog.copy('m', 'whole', anyone)).toMatchObject({
      versionCount: 2,
      latest: { version: 1, semver: '1.0.0', tags: { a: 'b' } },
    });
    expect((await place.catalog.aliases('whole')).map(({ alias }) => alias)).toEqual(['latest']);
    expect(await place.catalog.copy('m', 'part', anyone, 'stable')).toMatchObject({ versionCount: 1, latest: { version: 1 } });
    await expect(place.catalog.copy('m', 'WHOLE', anyone)).rejects.toMatchObject({ code: 'already_exists' });
    await place.catalog.removeVersion({ name: 'm', version: 2 }).catch(() => {});
    expect((await place.catalog.get('part')).latest.files[0]?.digest).toBe(digestOf(2));
    expect((await place.publish('whole', 3)).version).toBe(3);
  });

  test('what a person says of a model goes before what its newest version says, and is merged', async () => {
    await place.publish('m', 1, { metadata: { task: 'a', licence: 'mit' } });
    await place.catalog.update('m', { description: 'New', metadata: { task: 'b', metrics: { x: 1 } } });
    const details = await place.catalog.update('m', { metadata: { metrics: { y: 2 } } });
    expect(details).toMatchObject({ description: 'New', task: 'b', licence: 'mit', metadata: { task: 'b', metrics: { x: 1, y: 2 } } });
  });

  test('tags are replaced as a whole, and found', async () => {
    await place.publish('m', 1, { tags: { old: 'x' } });
    expect((await place.catalog.setTags({ name: 'm', version: 'latest' }, { stage: 'goldfish' })).tags).toEqual({ stage: 'goldfish' });
    const find = async (search: string) =>
      (await place.catalog.search(catalogSearchShape.parse({ search }), { models: undefined })).models.length;
    expect([await find('goldf'), await find('old')]).toEqual([1, 0]);
  });

  test('attack 1: no path of a file leads out of its version, however it is spelled', async () => {
    const paths = [
      '../x',
      'a/../x',
      '..\\x',
      'a\\b',
      '/etc/x',
      'C:/x',
      '\\\\host\\x',
      '%2e%2e/x',
      'a/%2fx',
      '%252e%252e/x',
      '%u002e/x',
      'a\0b',
      'a\nb',
    ];
    const spellings = [
      '．．/x',
      '‥/x',
      'a//b',
      './x',
      'a/.',
      'x.',
      'x ',
      ' x',
      '',
      '.',
      '..',
      'a:stream',
      'x'.repeat(1025),
      'con?',
      '\u{2024}\u{2024}/x',
    ];
    for (const path of [...paths, ...spellings])
      await expect(place.publish('m', [{ path, digest: digestOf(1), sizeBytes: 1, mediaType: 'a/b' }]), path).rejects.toMatchObject({
        code: 'invalid_request',
      });
    await expect(place.publish('m', [...place.toFiles('a'), { ...place.toFiles('b')[0], path: 'A.bin' } as never])).rejects.toMatchObject({
      code: 'invalid_request',
    });
    await expect(place.publish('m', [{ path: 'x', digest: 'sha256:../../x', sizeBytes: 1, mediaType: 'a/b' }])).rejects.toMatchObject({
      code: 'invalid_request',
    });
    expect(await place.database.query.selectFrom('versions').select('id').execute()).toEqual([]);
  });

  test('files whose bytes are not here are no version', async () => {
    const work = place.catalog.publish({ name: 'm', files: place.toFiles('absent'), source: '' }, anyone);
    await expect(work).rejects.toMatchObject({ code: expect.stringMatching(/blob_not_found|conflict/) });
    await expect(place.catalog.get('m')).rejects.toMatchObject({ code: 'model_not_found' });
  });

  test('what an older program wrote is found after the next start', async () => {
    await place.publish('older', 1, { description: 'from before' });
    await place.database.transaction(async (transaction) => {
      for (const table of ['catalog_words', 'catalog_summaries', 'catalog_entries', 'catalog_word_counts'] as const)
        await transaction.deleteFrom(table).execute();
    });
    const again = await place.reopen();
    const page = await again.search(catalogSearchShape.parse({ search: 'before', facets: 'true' }), { models: undefined });
    expect(page.models.map(({ name }) => name)).toEqual(['older']);
    expect(page.facets?.framework).toEqual([{ value: 'other', models: 1 }]);
  });
});
