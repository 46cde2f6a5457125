import type {
  AliasMove,
  CatalogAlias,
  CatalogDetails,
  CatalogPage,
  CatalogSearch,
  CatalogVersion,
  Framework,
  Inspection,
  ModelFacts,
  ModelFile,
  Permission,
  Phrase,
  UpdateCatalogModel,
  VersionDiff,
  VersionMetadata,
  VersionPage,
} from '@cluster-ai/contracts';
import type { ModelGrants } from '../../access/model-grants.ts';
import type { Query } from '../../stores/database.ts';

/** Who changes something: for the history of aliases, and for what needs a right of its own. */
export interface CatalogActor {
  readonly name: string;
  readonly permissions: ReadonlySet<Permission>;
}

/** The cluster itself, at its start. */
export const clusterActor: CatalogActor = { name: 'cluster', permissions: new Set<Permission>() };

/** A version to be. All of its blobs must be recorded. */
export interface PublishVersion {
  readonly name: string;
  readonly semver?: string;
  /** Of the model; kept as it is where it is left out or empty. */
  readonly description?: string;
  /** What the inspection says, where it is left out; else `other`. */
  readonly framework?: Framework;
  readonly metadata?: VersionMetadata;
  readonly files: readonly ModelFile[];
  readonly source: string;
  readonly inspection?: Inspection;
  /** What serving needs to know; what is not known of other formats stays empty. */
  readonly facts?: ModelFacts;
  /** What a person must know before using it. */
  readonly notices?: readonly Phrase[];
  /** Beside `latest`, which moves to what was published last. */
  readonly aliases?: readonly string[];
  /** Another tag of a model that came from elsewhere leaves `latest` where it was. A new model has it all the same. */
  readonly keepsLatest?: boolean;
  readonly tags?: Readonly<Record<string, string>>;
}

/** One version of a model, by number, semantic version or alias. */
export interface VersionChoice {
  readonly name: string;
  readonly version: string | number;
}

/**
 * Models, their versions, aliases and tags, and search over them. Every change is one transaction, with its audit entry, its counters and what
 * search reads. Unknown models are `model_not_found`, unknown versions `version_not_found`; names of models and aliases have any case.
 */
export interface Catalog {
  /**
   * Makes the files the newest version, or finds the version that has exactly these files already, and moves `latest` and the aliases to it.
   * Throws `already_exists` for a semantic version that other files have, `invalid_model_reference`, `invalid_request`, `blob_not_found`,
   * and what `putAlias` throws. `before` runs first in the same transaction: it records the blobs where they are not recorded yet.
   */
  publish(wanted: PublishVersion, actor: CatalogActor, before?: (transaction: Query) => Promise<unknown>): Promise<CatalogVersion>;
  get(name: string): Promise<CatalogDetails>;
  /** One page of those that the grants allow. Throws `cursor_invalid`. */
  search(query: CatalogSearch, grants: ModelGrants): Promise<CatalogPage>;
  versions(name: string, page: { readonly limit: number; readonly cursor?: string | undefined }): Promise<VersionPage>;
  version(choice: VersionChoice): Promise<CatalogVersion>;
  update(name: string, changes: UpdateCatalogModel): Promise<CatalogDetails>;
  /** Replaces all tags of a version. */
  setTags(choice: VersionChoice, tags: Readonly<Record<string, string>>): Promise<CatalogVersion>;
  /**
   * An admin's word that this version may be used although it is suspicious or of a format that is not loaded by default; without a reason the
   * word is taken back. Throws `verdict_refused` for what is dangerous, and where the policy lets nobody allow anything.
   */
  allow(choice: VersionChoice, reason: string | undefined): Promise<CatalogVersion>;
  /** Throws `in_use` while an alias points to it or a deployment runs it, and for the only version of a model. */
  removeVersion(choice: VersionChoice): Promise<void>;
  aliases(name: string): Promise<readonly CatalogAlias[]>;
  /** Newest first. */
  aliasHistory(name: string, alias: string): Promise<readonly AliasMove[]>;
  /**
   * Points an alias to a version. A protected one is moved, made or freed only with the right `models:protect` (`forbidden`), and only to
   * what the policy over verdicts allows (`verdict_refused`).
   */
  putAlias(name: string, alias: string, to: AliasTarget, actor: CatalogActor): Promise<CatalogAlias>;
  /** Throws `alias_not_found`, and `invalid_request` for `latest`, which every model has. */
  removeAlias(name: string, alias: string, actor: CatalogActor): Promise<void>;
  /** Back to where the alias pointed before its last move; once more undoes that. Throws `conflict` where there is no earlier version. */
  rollback(name: string, alias: string, actor: CatalogActor): Promise<CatalogAlias>;
  diff(name: string, from: string | number, to: string | number): Promise<VersionDiff>;
  /** Throws `already_exists`, and `in_use` while a deployment runs it. */
  rename(name: string, to: string): Promise<CatalogDetails>;
  /** The same bytes under another name: no file is copied. One version becomes the first of the new model, or its next one. */
  copy(name: string, to: string, actor: CatalogActor, version?: string | number): Promise<CatalogDetails>;
}

export interface AliasTarget {
  readonly version: string | number;
  readonly isProtected?: boolean | undefined;
}
