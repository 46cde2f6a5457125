import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError, DEFAULT_ALIAS, type ModelFile, type ModelVersion, phrase } from '@cluster-ai/contracts';
import type { BlobStore, StagedBlob } from '../../stores/blob-store.ts';
import type { ReadableBlob } from '../blob-reader.ts';
import type { CatalogActor } from '../catalog/catalog.ts';
import type { InspectBlob } from '../catalog/inspect-files.ts';
import type { Registry, ResolvedModel } from '../registry.ts';
import { fileTypes } from './plan.ts';
import { ollamaTypes } from './sources/ollama-types.ts';

/** A layer of text that a model gets instead of the one it had. */
export interface TextLayer {
  readonly path: string;
  readonly mediaType: string;
  readonly text: string;
}

export interface Composition {
  readonly name: string;
  readonly alias: string;
  /** A model that is here, or a GGUF that was sent. */
  readonly base: ResolvedModel | { readonly weights: ReadableBlob };
  readonly layers: readonly TextLayer[];
  readonly source: string;
  readonly actor: CatalogActor;
}

export interface ComposeDependencies {
  readonly registry: Pick<Registry, 'publish'>;
  readonly blobs: Pick<BlobStore, 'stage' | 'makeWorkFolder'>;
  readonly inspect: InspectBlob;
}

/** Of what is replaced, and of the configuration, which says what the layers were, nothing stays. */
function keptFiles({ version }: ResolvedModel, layers: readonly TextLayer[]): readonly ModelFile[] {
  const replaced = new Set<string>([ollamaTypes.config, ...layers.map(({ mediaType }) => mediaType)]);
  return version.files.filter(({ mediaType }) => !replaced.has(mediaType));
}

/** Makes a version out of weights that are here and texts that are new. `tell` hears of each layer. Throws `blob_not_found`, `invalid_model_file`. */
export function createComposer({ registry, blobs, inspect }: ComposeDependencies) {
  /** What a file that was sent says of itself; only what can be served becomes a model this way. */
  async function readWeights(blob: ReadableBlob, signal: AbortSignal) {
    const { facts, inspection } = await inspect({ ...blob, fileName: 'model.gguf' }, signal);
    if (facts === undefined) throw new ClusterError('invalid_model_file', phrase('only_gguf_is_made'), { param: 'files' });
    const file: ModelFile = { path: 'model.gguf', mediaType: fileTypes.gguf, digest: blob.digest, sizeBytes: blob.sizeBytes };
    return { files: [file], facts, ...(inspection === undefined ? {} : { inspection }) };
  }

  return async function compose(
    { name, alias, base, layers, source, actor }: Composition,
    tell: (line: string) => void,
    signal: AbortSignal,
  ): Promise<ModelVersion> {
    await using staged = new AsyncDisposableStack();
    const { files, ...seen } =
      'weights' in base ? await readWeights(base.weights, signal) : { files: keptFiles(base, layers), facts: base.version.facts };
    for (const { digest } of files) tell(`using existing layer ${digest}`);
    const folder = staged.use(await blobs.makeWorkFolder());
    const made: ModelFile[] = [];
    const fresh: StagedBlob[] = [];
    for (const { path, mediaType, text } of layers) {
      const place = join(folder.path, path);
      await writeFile(place, text, { mode: 0o600 });
      const one = staged.use(await blobs.stage(place, signal));
      await one.send(signal);
      fresh.push(one);
      made.push({ path, mediaType, digest: one.digest, sizeBytes: one.sizeBytes });
      tell(`creating new layer ${one.digest}`);
    }
    tell('writing manifest');
    const keepsLatest = alias !== DEFAULT_ALIAS;
    const wanted = { name, aliases: [alias], keepsLatest, files: [...files, ...made], staged: fresh, source, ...seen };
    return await registry.publish(wanted, actor);
  };
}
