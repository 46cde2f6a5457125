import type { AddModel, ClusterError, Model, ModelFile, ModelVersion, Phrase } from '@cluster-ai/contracts';

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

/** Names, versions, aliases and files of models. Reads come from memory and never wait for the store. */
export interface Registry {
  /** Throws `model_not_found` (with the nearest names as hint), `invalid_model_reference`, or the `problem` of its file. */
  resolve(reference: string): ResolvedModel;
  /** Like `resolve`, but an unknown name is `undefined`, and a file that cannot be used is told by `problem`. */
  find(reference: string): ResolvedModel | undefined;
  list(): readonly ModelRecord[];
  /** All versions of one model, newest first. Throws `model_not_found`. */
  versions(name: string): readonly ModelVersion[];
  /** Checks the file, takes it in (hard link, reflink or copy; or in place) and makes it the newest version. The same bytes again change nothing. */
  add(request: AddModel & { readonly source?: string; readonly notices?: readonly Phrase[] }, signal: AbortSignal): Promise<ModelVersion>;
  /** Removes a model. Blobs that nothing else uses are left to garbage collection. Throws `model_not_found`. */
  remove(name: string): Promise<void>;
  /** To be called after somebody else changed what is known of a blob: its bytes were found damaged, or its row was removed. */
  lookAgain(digest: string): Promise<void>;
  locateBlob(digest: string): BlobLocation | undefined;
}
