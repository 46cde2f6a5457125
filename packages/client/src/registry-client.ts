import type {
  AliasMove,
  CatalogAlias,
  CatalogDetails,
  CatalogPage,
  CatalogSearch,
  CatalogVersion,
  ImportInput,
  ImportPreview,
  Operation,
  PublishVersionInput,
  StoredBlobAnswer,
  UpdateCatalogModel,
  UploadStatusAnswer,
  VersionDiff,
  VersionPage,
} from '@cluster-ai/contracts';
import type { CallOptions, Http } from './http.ts';

/** What to look for; everything that is left out does not narrow. */
export type CatalogSearchInput = Partial<CatalogSearch>;

/** A number, a semantic version or an alias. */
export type VersionName = string | number;

/** Where an alias is to point. */
export interface AliasInput {
  readonly version: VersionName;
  readonly isProtected?: boolean | undefined;
}

/** The registry's part of the native API (`/api/v1/registry`). Every method throws `ClusterError`. */
export interface RegistryClient {
  /** One page of models, and how many there are of each kind where `facets` asks for that. Throws `cursor_invalid`. */
  search(input?: CatalogSearchInput, options?: CallOptions): Promise<CatalogPage>;
  /** Throws `model_not_found`. */
  get(name: string, options?: CallOptions): Promise<CatalogDetails>;
  /** Newest first, a page at a time. */
  versions(name: string, input?: { readonly cursor?: string | undefined }, options?: CallOptions): Promise<VersionPage>;
  /** Throws `version_not_found`. */
  version(name: string, version: VersionName, options?: CallOptions): Promise<CatalogVersion>;
  /** Makes uploaded files a version. Throws `already_exists` for a semantic version that other files have. */
  publish(input: PublishVersionInput, options?: CallOptions): Promise<CatalogVersion>;
  update(name: string, changes: UpdateCatalogModel, options?: CallOptions): Promise<CatalogDetails>;
  /** Throws `in_use` while an alias points to it or it runs. */
  removeVersion(name: string, version: VersionName, options?: CallOptions): Promise<void>;
  putAlias(name: string, alias: string, input: AliasInput, options?: CallOptions): Promise<CatalogAlias>;
  removeAlias(name: string, alias: string, options?: CallOptions): Promise<void>;
  /** Where an alias has pointed, newest first. */
  aliasHistory(name: string, alias: string, options?: CallOptions): Promise<readonly AliasMove[]>;
  /** Back to where it pointed before. Throws `conflict` where there is no earlier version. */
  rollback(name: string, alias: string, options?: CallOptions): Promise<CatalogAlias>;
  diff(name: string, from: VersionName, to: VersionName, options?: CallOptions): Promise<VersionDiff>;
  /** The address of one file, for a download. */
  fileUrl(name: string, version: VersionName, path: string): string;

  startUpload(input?: { readonly sizeBytes?: number; readonly digest?: string }, options?: CallOptions): Promise<UploadStatusAnswer>;
  /** Appends at `offset`, which must be where the upload stands. Throws `range_not_satisfiable`, `conflict`, `disk_full`. */
  appendUpload(id: string, offset: number, bytes: Blob, options?: CallOptions): Promise<UploadStatusAnswer>;
  uploadStatus(id: string, options?: CallOptions): Promise<UploadStatusAnswer>;
  /** Throws `digest_mismatch`. */
  finishUpload(id: string, input?: { readonly digest?: string }, options?: CallOptions): Promise<StoredBlobAnswer>;
  cancelUpload(id: string, options?: CallOptions): Promise<void>;

  /** What an import would bring, and which machines it fits. Throws what the source refuses. */
  previewImport(input: ImportInput, options?: CallOptions): Promise<ImportPreview>;
  /** Begins an import, or joins the one of the same thing that runs. */
  startImport(input: ImportInput, options?: CallOptions): Promise<Operation>;
  /** Long work, the newest first. */
  listOperations(options?: CallOptions): Promise<readonly Operation[]>;
  /** Throws `operation_not_found`. */
  cancelOperation(id: string, options?: CallOptions): Promise<void>;
}

const part = encodeURIComponent;
const modelPath = (name: string) => `registry/models/${part(name)}`;
const versionPath = (name: string, version: VersionName) => `${modelPath(name)}/versions/${part(String(version))}`;
const aliasPath = (name: string, alias: string) => `${modelPath(name)}/aliases/${part(alias)}`;

const toQuery = (input: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(input).map(([key, value]) => [key, value === undefined ? undefined : String(value)]));

export function createRegistryClient({ request }: Http, baseUrl: string): RegistryClient {
  return {
    search: (input = {}, options) => request({ path: 'registry/models', query: toQuery(input), ...options }),
    get: (name, options) => request({ path: modelPath(name), ...options }),
    versions: (name, input = {}, options) => request({ path: `${modelPath(name)}/versions`, query: toQuery(input), ...options }),
    version: (name, version, options) => request({ path: versionPath(name, version), ...options }),
    publish: (input, options) => request({ method: 'POST', path: 'registry/models', body: input, ...options }),
    update: (name, changes, options) => request({ method: 'PATCH', path: modelPath(name), body: changes, ...options }),
    removeVersion: (name, version, options) => request({ method: 'DELETE', path: versionPath(name, version), ...options }),
    putAlias: (name, alias, input, options) => request({ method: 'PUT', path: aliasPath(name, alias), body: input, ...options }),
    removeAlias: (name, alias, options) => request({ method: 'DELETE', path: aliasPath(name, alias), ...options }),
    aliasHistory: async (name, alias, options) =>
      (await request<{ moves: readonly AliasMove[] }>({ path: `${aliasPath(name, alias)}/history`, ...options })).moves,
    rollback: (name, alias, options) => request({ method: 'POST', path: `${aliasPath(name, alias)}/rollback`, body: {}, ...options }),
    diff: (name, from, to, options) =>
      request({ path: `${modelPath(name)}/diff`, query: { from: String(from), to: String(to) }, ...options }),
    fileUrl: (name, version, path) => `${baseUrl.replace(/\/+$/, '')}/api/v1/${versionPath(name, version)}/files/${part(path)}`,

    startUpload: (input = {}, options) => request({ method: 'POST', path: 'registry/uploads', body: input, ...options }),
    appendUpload: (id, offset, bytes, options) =>
      request({ method: 'PATCH', path: `registry/uploads/${part(id)}`, bytes, headers: { 'upload-offset': String(offset) }, ...options }),
    uploadStatus: (id, options) => request({ path: `registry/uploads/${part(id)}`, ...options }),
    finishUpload: (id, input = {}, options) => request({ method: 'PUT', path: `registry/uploads/${part(id)}`, body: input, ...options }),
    cancelUpload: (id, options) => request({ method: 'DELETE', path: `registry/uploads/${part(id)}`, ...options }),

    previewImport: (input, options) => request({ method: 'POST', path: 'registry/imports/preview', body: input, ...options }),
    startImport: (input, options) => request({ method: 'POST', path: 'registry/imports', body: input, ...options }),
    listOperations: async (options) => (await request<{ operations: readonly Operation[] }>({ path: 'operations', ...options })).operations,
    cancelOperation: (id, options) => request({ method: 'DELETE', path: `operations/${part(id)}`, ...options }),
  };
}
