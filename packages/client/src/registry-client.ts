import type {
  AliasMove,
  CatalogAlias,
  CatalogDetails,
  CatalogPage,
  CatalogSearch,
  CatalogVersion,
  CollectedGarbage,
  CollectGarbageInput,
  LoadedModel,
  PublishVersionInput,
  StoredBlobAnswer,
  UpdateCatalogModel,
  UploadStatusAnswer,
  VersionDiff,
  VersionPage,
} from '@cluster-ai/contracts';
import type { CallOptions, Http } from './http.ts';

/** What to search for; see `CatalogSearch`. */
export type SearchModelsInput = { readonly [Key in keyof CatalogSearch]?: CatalogSearch[Key] | undefined };

/** A number, a semantic version or an alias. */
export type VersionName = string | number;

/** The registry of a cluster (`/api/v1/registry`), one method per route. */
export interface RegistryClient {
  /** One page of models; `next` of it is the `cursor` of the next one. Throws `cursor_invalid`. */
  searchModels(query?: SearchModelsInput, options?: CallOptions): Promise<CatalogPage>;
  /** A model with its latest version and its aliases. Throws `model_not_found`. */
  getCatalogModel(name: string, options?: CallOptions): Promise<CatalogDetails>;
  /** Makes a version of finished uploads. Throws `already_exists` for a semantic version that other files have, `blob_not_found`. */
  publishVersion(input: PublishVersionInput, options?: CallOptions): Promise<CatalogVersion>;
  /** Describes a model. Throws `model_not_found`. */
  updateCatalogModel(name: string, changes: UpdateCatalogModel, options?: CallOptions): Promise<CatalogDetails>;
  /** Throws `already_exists`, `in_use`. */
  renameModel(name: string, to: string, options?: CallOptions): Promise<CatalogDetails>;
  /** The same bytes under another name as well; one version, or all. Throws `already_exists`. */
  copyModel(name: string, to: string, version?: VersionName, options?: CallOptions): Promise<CatalogDetails>;
  /** Newest first, a page at a time. */
  listVersions(name: string, page?: { readonly limit?: number; readonly cursor?: string }, options?: CallOptions): Promise<VersionPage>;
  /** Throws `version_not_found`. */
  getVersion(name: string, version: VersionName, options?: CallOptions): Promise<CatalogVersion>;
  /** Replaces all tags of a version. */
  setTags(name: string, version: VersionName, tags: Readonly<Record<string, string>>, options?: CallOptions): Promise<CatalogVersion>;
  /** Lets a suspicious version be used; without a reason that is taken back. Throws `verdict_refused` for a dangerous one, `forbidden`. */
  allowVersion(name: string, version: VersionName, reason: string | undefined, options?: CallOptions): Promise<CatalogVersion>;
  /** Throws `in_use` while an alias or a deployment uses it. */
  removeVersion(name: string, version: VersionName, options?: CallOptions): Promise<void>;
  diffVersions(name: string, from: VersionName, to?: VersionName, options?: CallOptions): Promise<VersionDiff>;
  listAliases(name: string, options?: CallOptions): Promise<readonly CatalogAlias[]>;
  /** Throws `forbidden` for a protected alias without the right, `verdict_refused`. */
  putAlias(
    name: string,
    alias: string,
    to: { readonly version: VersionName; readonly isProtected?: boolean },
    options?: CallOptions,
  ): Promise<CatalogAlias>;
  /** Throws `alias_not_found`. */
  removeAlias(name: string, alias: string, options?: CallOptions): Promise<void>;
  /** Where it pointed, newest move first. */
  getAliasHistory(name: string, alias: string, options?: CallOptions): Promise<readonly AliasMove[]>;
  /** Back to where it pointed before; once more undoes that. Throws `conflict` where there is no way back. */
  rollbackAlias(name: string, alias: string, options?: CallOptions): Promise<CatalogAlias>;
  /** The bytes of a file as they come, from `from` on. Throws `file_not_found`, `blob_not_found`, `range_not_satisfiable`. */
  downloadFile(
    name: string,
    version: VersionName,
    path: string,
    options?: CallOptions & { readonly from?: number },
  ): AsyncGenerator<Uint8Array, void, undefined>;
  /** Makes a model ready on a node, and says where it is. */
  loadFromRegistry(
    name: string,
    input?: { readonly version?: string; readonly wait?: boolean },
    options?: CallOptions,
  ): Promise<LoadedModel>;

  /** Begins an upload, which outlives this program: `getUpload` says where to go on. */
  startUpload(input?: { readonly sizeBytes?: number; readonly digest?: string }, options?: CallOptions): Promise<UploadStatusAnswer>;
  /** Throws `upload_not_found`. */
  getUpload(id: string, options?: CallOptions): Promise<UploadStatusAnswer>;
  /** Appends bytes at this offset. Throws `range_not_satisfiable` for another one than where the upload stands. */
  appendToUpload(id: string, offset: number, bytes: Uint8Array, options?: CallOptions): Promise<UploadStatusAnswer>;
  /** Throws `digest_mismatch`. */
  finishUpload(id: string, input?: { readonly digest?: string }, options?: CallOptions): Promise<StoredBlobAnswer>;
  cancelUpload(id: string, options?: CallOptions): Promise<void>;
  /** Removes the files that no version needs any more. */
  collectGarbage(input?: CollectGarbageInput, options?: CallOptions): Promise<CollectedGarbage>;
}

const part = (text: string | number) => encodeURIComponent(text);
const modelPath = (name: string) => `registry/models/${part(name)}`;
const versionPath = (name: string, version: VersionName) => `${modelPath(name)}/versions/${part(version)}`;
const aliasPath = (name: string, alias: string) => `${modelPath(name)}/aliases/${part(alias)}`;
const uploadPath = (id: string) => `registry/uploads/${part(id)}`;

const toQuery = (query: Readonly<Record<string, string | number | boolean | undefined>>) =>
  Object.fromEntries(Object.entries(query).map(([key, value]) => [key, value === undefined ? undefined : String(value)]));

export function createRegistryClient({ request, bytes }: Pick<Http, 'request' | 'bytes'>): RegistryClient {
  return {
    searchModels: (query = {}, options) => request({ path: 'registry/models', query: toQuery(query), ...options }),
    getCatalogModel: (name, options) => request({ path: modelPath(name), ...options }),
    publishVersion: (body, options) => request({ method: 'POST', path: 'registry/models', body, ...options }),
    updateCatalogModel: (name, body, options) => request({ method: 'PATCH', path: modelPath(name), body, ...options }),
    renameModel: (name, to, options) => request({ method: 'POST', path: `${modelPath(name)}/rename`, body: { to }, ...options }),
    copyModel: (name, to, version, options) =>
      request({
        method: 'POST',
        path: `${modelPath(name)}/copy`,
        body: { to, ...(version === undefined ? {} : { version: String(version) }) },
        ...options,
      }),
    listVersions: (name, page = {}, options) => request({ path: `${modelPath(name)}/versions`, query: toQuery(page), ...options }),
    getVersion: (name, version, options) => request({ path: versionPath(name, version), ...options }),
    setTags: (name, version, tags, options) => request({ method: 'PATCH', path: versionPath(name, version), body: { tags }, ...options }),
    allowVersion: (name, version, reason, options) => {
      const path = `${versionPath(name, version)}/allowed`;
      return request(reason === undefined ? { method: 'DELETE', path, ...options } : { method: 'PUT', path, body: { reason }, ...options });
    },
    removeVersion: (name, version, options) => request({ method: 'DELETE', path: versionPath(name, version), ...options }),
    diffVersions: (name, from, to = 'latest', options) =>
      request({ path: `${modelPath(name)}/diff`, query: toQuery({ from, to }), ...options }),
    listAliases: async (name, options) =>
      (await request<{ aliases: readonly CatalogAlias[] }>({ path: `${modelPath(name)}/aliases`, ...options })).aliases,
    putAlias: (name, alias, body, options) => request({ method: 'PUT', path: aliasPath(name, alias), body, ...options }),
    removeAlias: (name, alias, options) => request({ method: 'DELETE', path: aliasPath(name, alias), ...options }),
    getAliasHistory: async (name, alias, options) =>
      (await request<{ moves: readonly AliasMove[] }>({ path: `${aliasPath(name, alias)}/history`, ...options })).moves,
    rollbackAlias: (name, alias, options) => request({ method: 'POST', path: `${aliasPath(name, alias)}/rollback`, body: {}, ...options }),
    downloadFile: (name, version, path, { from = 0, ...options } = {}) =>
      bytes({
        path: `${versionPath(name, version)}/files/${part(path)}`,
        headers: from === 0 ? {} : { range: `bytes=${from}-` },
        ...options,
      }),
    loadFromRegistry: (name, body = {}, options) => request({ method: 'POST', path: `${modelPath(name)}/load`, body, ...options }),

    startUpload: (body = {}, options) => request({ method: 'POST', path: 'registry/uploads', body, ...options }),
    getUpload: (id, options) => request({ path: uploadPath(id), ...options }),
    appendToUpload: (id, offset, data, options) =>
      request({ method: 'PATCH', path: uploadPath(id), bytes: data, headers: { 'upload-offset': String(offset) }, ...options }),
    finishUpload: (id, body = {}, options) => request({ method: 'PUT', path: uploadPath(id), body, ...options }),
    cancelUpload: (id, options) => request({ method: 'DELETE', path: uploadPath(id), ...options }),
    collectGarbage: (body = {}, options) => request({ method: 'POST', path: 'registry/garbage/collect', body, ...options }),
  };
}
