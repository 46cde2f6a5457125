import type { AddModel, ClusterError, Inspection, Model, ModelFacts, ModelFile, ModelVersion, Phrase } from '@cluster-ai/contracts';
import type { ModelGrants } from '../access/model-grants.ts';
import type { StagedBlob } from '../stores/blob-store.ts';
import type { CatalogActor, PublishVersion } from './catalog/catalog.ts';

/** A model as the registry knows it: what runs is added by those who know. */
export type ModelRecord = Omit<Model, 'condition' | 'replicas'>;

/** A reference, resolved: the version that it points to and the weights file that an engine loads. */
export interface ResolvedModel {
  /** As clients name it: `name`, or `name:alias` when the alias is not `latest`. */
  readonly reference: string;
  readonly name: string;
  readonly version: ModelVersion;
  readonly file: ModelFile;
  /** Where the bytes lie on the control plane's machine. */
  readonly path: string;
  /** Why the bytes cannot be used (`blob_not_found`, `digest_mismatch`); absent when all is well. `resolve` throws it. */
  readonly problem?: ClusterError;
}

export interface BlobLocation {
  readonly digest: string;
  readonly path: string;
  readonly sizeBytes: number;
}

/** A version that somebody has put together of files that the registry has and files that were taken in for it. */
export interface Release extends PublishVersion {
  readonly facts: ModelFacts;
  /** The caller's to dispose. */
  readonly staged: readonly StagedBlob[];
}

/** What serving needs of the models. What was asked for lately is answered from memory; the rest is read when it is needed. */
export interface Registry {
  /**
   * Throws `model_not_found` (with the nearest names as hint, of those that may be known), `invalid_model_reference`, or the `problem` of
   * its file.
   */
  resolve(reference: string, grants?: ModelGrants): Promise<ResolvedModel>;
  /** Like `resolve`, but an unknown name is `undefined`, and a file that cannot be used is told by `problem`. */
  find(reference: string): Promise<ResolvedModel | undefined>;
  /** So many models at most (a thousand where nothing is said), by name. */
  list(most?: number): Promise<readonly ModelRecord[]>;
  /** One model as lists show it. */
  record(name: string): Promise<ModelRecord | undefined>;
  count(): Promise<number>;
  /** The newest versions of one model, a thousand at most. Throws `model_not_found`. */
  versions(name: string): Promise<readonly ModelVersion[]>;
  /** Which models have these bytes, or use these files in place: names by digest and by path. */
  namesOf(blobs: { readonly digests: readonly string[]; readonly paths: readonly string[] }): Promise<ReadonlyMap<string, string>>;
  /** Checks the file, takes it in (hard link, reflink or copy; or in place) and publishes it. The same bytes again change nothing. */
  add(
    request: AddModel & {
      readonly source?: string;
      /** What was found in exactly these bytes before, so that nobody has to look again. */
      readonly inspected?: { readonly digest: string; readonly inspection: Inspection };
      readonly notices?: readonly Phrase[];
      readonly actor?: CatalogActor;
      readonly alias?: string;
    },
    signal: AbortSignal,
  ): Promise<ModelVersion>;
  /** Records what was staged and publishes the version, in one transaction. Throws as the catalog's `publish` does. */
  publish(release: Release, actor: CatalogActor): Promise<ModelVersion>;
  /**
   * Removes a model. Blobs that nothing else uses are left to garbage collection. Throws `model_not_found`, and `forbidden` where an alias of it
   * is protected.
   */
  remove(name: string, actor?: CatalogActor): Promise<void>;
  /** To be called after somebody else changed what is known of a blob: its bytes were found damaged, or its row was removed. */
  lookAgain(digest: string): Promise<void>;
  /** `undefined` for what is not here, or cannot be used. */
  locateBlob(digest: string): Promise<BlobLocation | undefined>;
}
