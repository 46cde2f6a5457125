import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startDebianRegistry, whyNoRegistry } from '../testing/debian-registry.ts';
import { makeWeights } from '../testing/make-weights.ts';
import { sha256 } from '../testing/ollama-registry.ts';
import { actor, type ImportsPlace, openImportsPlace } from '../testing/open-imports-place.ts';

const obstacle = await whyNoRegistry();

const weights = makeWeights();
const ociManifest = 'application/vnd.oci.image.manifest.v1+json';

describe.skipIf(obstacle !== undefined)('a real OCI registry', () => {
  let registry: Awaited<ReturnType<typeof startDebianRegistry>>;
  let place: ImportsPlace;
  beforeAll(async () => {
    registry = await startDebianRegistry();
  });
  afterAll(() => registry?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    place = await openImportsPlace({ hosts: [registry.host] });
  });
  afterEach(() => place[Symbol.asyncDispose]());

  async function publish(
    name: string,
    layers: readonly (readonly [mediaType: string, bytes: Buffer, path?: string])[],
    configType: string,
  ): Promise<void> {
    const listed = [];
    for (const [mediaType, bytes, path] of [[configType, Buffer.from('{}')] as const, ...layers]) {
      await registry.putBlob(name, bytes, sha256(bytes));
      const annotations = path === undefined ? {} : { annotations: { 'org.cncf.model.filepath': path } };
      listed.push({ mediaType, digest: sha256(bytes), size: bytes.length, ...annotations });
    }
    const [config, ...rest] = listed;
    await registry.putManifest(name, '1', ociManifest, { schemaVersion: 2, mediaType: ociManifest, config, layers: rest });
  }

  test('a model as ModelPack lays it out', async () => {
    await publish(
      'models/pack',
      [
        ['application/vnd.cncf.model.weight.v1.raw', weights, 'tiny.gguf'],
        ['application/vnd.cncf.model.weight.config.v1.raw', Buffer.from('{"a":1}'), 'config.json'],
        ['application/vnd.cncf.model.doc.v1.raw', Buffer.from('MIT'), 'LICENSE'],
      ],
      'application/vnd.cncf.model.config.v1+json',
    );
    expect(await place.bring({ reference: `oci://${registry.host}/models/pack:1` })).toMatchObject({
      state: 'done',
      model: 'models/pack:1',
    });
    const { version, file } = await place.registry.resolve('models/pack:1');
    expect(version.files.map(({ path }) => path).toSorted()).toEqual(['LICENSE', 'config.json', 'tiny.gguf']);
    expect(file.digest).toBe(sha256(weights));
  });

  test('a model as Docker lays it out', async () => {
    await publish(
      'ai/tiny',
      [
        ['application/vnd.docker.ai.gguf.v3', weights],
        ['application/vnd.docker.ai.license', Buffer.from('MIT')],
      ],
      'application/vnd.docker.ai.model.config.v0.1+json',
    );
    expect(await place.bring({ reference: `oci://${registry.host}/ai/tiny:1`, name: 'docker' })).toMatchObject({ state: 'done' });
    expect((await place.registry.resolve('docker')).version.files.map(({ path }) => path).toSorted()).toEqual(['license', 'model.gguf']);
  });

  test('what we push as Ollama does comes back by Ollama’s protocol and as an image', async () => {
    await publish('lab/first', [['application/vnd.ollama.image.model', weights]], 'application/vnd.docker.container.image.v1+json');
    await place.bring({ reference: `${registry.host}/lab/first:1`, name: 'mine' });
    const { operation } = await place.imports.push({ model: 'mine', reference: `${registry.host}/lab/pushed:2` }, actor);
    expect(await place.end(operation.id)).toMatchObject({ state: 'done', progress: 1 });
    for (const [reference, name] of [
      [`${registry.host}/lab/pushed:2`, 'again'],
      [`oci://${registry.host}/lab/pushed:2`, 'once-more'],
    ] as const) {
      expect(await place.bring({ reference, name })).toMatchObject({ state: 'done' });
      expect((await place.registry.resolve(name)).file.digest).toBe(sha256(weights));
    }
  });

  test('packed layers, and images that are no model, are refused', async () => {
    await publish(
      'models/packed',
      [['application/vnd.cncf.model.weight.v1.tar+gzip', Buffer.from('x'), 'a']],
      'application/vnd.cncf.model.config.v1+json',
    );
    expect(await place.bring({ reference: `oci://${registry.host}/models/packed:1` })).toMatchObject({
      reason: { code: 'unsupported_feature' },
    });
    await publish(
      'some/image',
      [['application/vnd.oci.image.layer.v1.tar+gzip', Buffer.from('y')]],
      'application/vnd.oci.image.config.v1+json',
    );
    expect(await place.bring({ reference: `oci://${registry.host}/some/image:1` })).toMatchObject({ reason: { code: 'source_refused' } });
    expect(await place.bring({ reference: `oci://${registry.host}/no/body:1` })).toMatchObject({ reason: { code: 'source_not_found' } });
  });
});
