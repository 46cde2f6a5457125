import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError, DEFAULT_ALIAS, type ModelFacts, type ModelFile, type ModelVersion, phrase } from '@cluster-ai/contracts';
import type { BlobStore, StagedBlob } from '../../stores/blob-store.ts';
import type { CatalogActor } from '../catalog/catalog.ts';
import type { Registry, ResolvedModel } from '../registry.ts';
import type { KeptBlobs } from './kept-blobs.ts';
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
  /** A model that is here, or the digest of a GGUF that was sent. */
  readonly base: ResolvedModel | { readonly digest: string };
  readonly layers: readonly TextLayer[];
  readonly source: string;
  readonly actor: CatalogActor;
}

export interface ComposeDependencies {
  readonly registry: Pick<Registry, 'publish'>;
  readonly blobs: Pick<BlobStore, 'stage' | 'makeWorkFolder'>;
  readonly kept: KeptBlobs;
  readonly inspect: (path: string) => Promise<ModelFacts>;
}

/** Of what is replaced, and of the configuration, which says what the layers were, nothing stays. */
function keptFiles({ version }: ResolvedModel, layers: readonly TextLayer[]): readonly ModelFile[] {
  const replaced = new Set<string>([ollamaTypes.config, ...layers.map(({ mediaType }) => mediaType)]);
  return version.files.filter(({ mediaType }) => !replaced.has(mediaType));
}

/** Makes a version out of weights that are here and texts that are new. `tell` hears of each layer. Throws `blob_not_found`, `invalid_model_file`. */
export function createComposer({ registry, blobs, kept, inspect }: ComposeDependencies) {
  async function takeWeights(
    digest: string,
    signal: AbortSignal,
    staged: AsyncDisposableStack,
  ): Promise<{ file: ModelFile; facts: ModelFacts; blob: StagedBlob }> {
    const found = await kept.find(digest);
    if (found === undefined)
      throw new ClusterError('blob_not_found', phrase('blob_is_not_here', { digest }), {
        hint: phrase('send_the_blob_first'),
        param: 'files',
      });
    const facts = await inspect(found.path);
    const one = staged.use(await blobs.stage(found.path, signal));
    if (one.digest !== digest)
      throw new ClusterError(
        'digest_mismatch',
        phrase('source_sent_other_bytes', { path: found.path, expected: digest, actual: one.digest }),
      );
    return { file: { path: 'model.gguf', mediaType: fileTypes.gguf, digest, sizeBytes: one.sizeBytes }, facts, blob: one };
  }

  return async function compose(
    { name, alias, base, layers, source, actor }: Composition,
    tell: (line: string) => void,
    signal: AbortSignal,
  ): Promise<ModelVersion> {
    await using staged = new AsyncDisposableStack();
    const files: ModelFile[] = [];
    const fresh: StagedBlob[] = [];
    let facts: ModelFacts;
    if ('digest' in base) {
      const taken = await takeWeights(base.digest, signal, staged);
      files.push(taken.file);
      fresh.push(taken.blob);
      ({ facts } = taken);
    } else {
      files.push(...keptFiles(base, layers));
      ({ facts } = base.version);
    }
    for (const { digest } of files) tell(`using existing layer ${digest}`);
    const folder = staged.use(await blobs.makeWorkFolder());
    for (const { path, mediaType, text } of layers) {
      const place = join(folder.path, path);
      await writeFile(place, text, { mode: 0o600 });
      const one = staged.use(await blobs.stage(place, signal));
      files.push({ path, mediaType, digest: one.digest, sizeBytes: one.sizeBytes });
      fresh.push(one);
      tell(`creating new layer ${one.digest}`);
    }
    tell('writing manifest');
    const keepsLatest = alias !== DEFAULT_ALIAS;
    return await registry.publish({ name, aliases: [alias], keepsLatest, files, staged: fresh, facts, source }, actor);
  };
}
