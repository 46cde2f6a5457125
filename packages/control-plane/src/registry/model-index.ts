import {
  ClusterError,
  formatModelReference,
  isModelName,
  type ModelFile,
  type ModelVersion,
  type Phrase,
  parseModelReference,
  phrase,
  toEnglish,
} from '@cluster-ai/contracts';
import type { BlobStore } from '../stores/blob-store.ts';
import type { BlobRow } from '../stores/tables.ts';
import type { StoredModel } from './model-rows.ts';
import { nearestNames } from './nearest-names.ts';
import type { BlobLocation, ModelRecord, ResolvedModel } from './registry.ts';

/** A blob as the registry knows it; `problem` says why its bytes cannot be used. */
interface KnownBlob extends BlobLocation {
  readonly problem: ClusterError | undefined;
}

/** Which version a reference means: the digest when there is one, else an alias, a semantic version, or a version's number. */
function pickVersion({ versions, aliases }: StoredModel, alias: string, digest: string | undefined): ModelVersion | undefined {
  if (digest !== undefined) return versions.find(({ manifestDigest }) => manifestDigest === digest);
  const wanted = alias.toLowerCase();
  const seq = aliases.find((entry) => entry.alias.toLowerCase() === wanted)?.version;
  if (seq !== undefined) return versions.find(({ version }) => version === seq);
  return versions.find(({ semver, version }) => semver === alias || String(version) === alias);
}

/** The file that an engine loads. Versions hold one file so far; where there are more, the largest is the weights. */
function pickFile(version: ModelVersion): ModelFile {
  const [largest] = version.files.toSorted((a, b) => b.sizeBytes - a.sizeBytes);
  if (!largest) throw new Error(`Version ${version.manifestDigest} has no file.`);
  return largest;
}

/** Why its file cannot be used, where it cannot, and what else a person must know before using it. */
function toNotices({ notices }: StoredModel, { version }: ModelVersion, problem: ClusterError | undefined): Phrase[] {
  return [...(problem?.said?.message ?? []), ...(problem?.said?.hint ?? []), ...(notices.get(version) ?? [])];
}

function toRecord(model: StoredModel, latest: ModelVersion, problem: ClusterError | undefined): ModelRecord {
  const notices = toNotices(model, latest, problem);
  return {
    name: model.name,
    description: model.description,
    aliases: [...model.aliases],
    latest,
    versionCount: model.versions.length,
    createdAt: new Date(model.createdAt).toISOString(),
    updatedAt: new Date(model.updatedAt).toISOString(),
    notice: toEnglish(notices),
    notices,
  };
}

function describeUnknown(name: string, names: readonly string[]): Phrase {
  const near = nearestNames(name, names);
  if (near.length > 0) return phrase('did_you_mean', { names: near.join(', ') });
  return phrase(names.length > 0 ? 'list_the_models' : 'add_a_model');
}

/** All models in memory: requests never wait for the store. Changed only after a transaction has committed. */
export function createModelIndex(blobStore: Pick<BlobStore, 'pathOf'>) {
  const models = new Map<string, StoredModel>(); // by name in lower case
  const blobs = new Map<string, KnownBlob>();

  const byName = (name: string) => models.get(name.toLowerCase());
  const sorted = () => [...models].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, model]) => model);
  const latestOf = (model: StoredModel) => pickVersion(model, 'latest', undefined) ?? model.versions[0];

  function find(text: string): ResolvedModel | undefined {
    const { name, alias, digest } = parseModelReference(text);
    const model = byName(name);
    const version = model && pickVersion(model, alias, digest);
    if (!model || !version) return undefined;
    const file = pickFile(version);
    const blob = blobs.get(file.digest);
    return {
      reference: formatModelReference({ name: model.name, alias, ...(digest === undefined ? {} : { digest }) }),
      name: model.name,
      version,
      file,
      path: blob?.path ?? blobStore.pathOf(file.digest),
      ...(blob?.problem === undefined ? {} : { problem: blob.problem }),
    };
  }

  function explainUnknown(text: string): ClusterError {
    const { name, alias, digest } = parseModelReference(text);
    const model = byName(name);
    if (!model) {
      const hint = describeUnknown(
        name,
        sorted().map((other) => other.name),
      );
      return new ClusterError('model_not_found', phrase('model_unknown', { name }), { hint, param: 'model' });
    }
    const known = [...model.aliases.map((entry) => entry.alias), ...model.versions.map(({ semver, version }) => semver ?? String(version))];
    return new ClusterError('model_not_found', phrase('version_unknown', { model: model.name, version: digest ?? `"${alias}"` }), {
      hint: phrase('it_has', { names: known.join(', ') }),
      param: 'model',
    });
  }

  return {
    find,
    resolve(text: string): ResolvedModel {
      const found = find(text);
      if (!found) throw explainUnknown(text);
      if (found.problem) throw found.problem;
      return found;
    },
    list: (): readonly ModelRecord[] =>
      sorted().flatMap((model) => {
        const latest = latestOf(model);
        return latest ? [toRecord(model, latest, blobs.get(pickFile(latest).digest)?.problem)] : [];
      }),
    get(name: string): StoredModel {
      const model = byName(name);
      if (model) return model;
      if (isModelName(name)) throw explainUnknown(name);
      throw new ClusterError('invalid_model_reference', phrase('not_a_name', { name: name.slice(0, 120) }), {
        hint: phrase('name_alone'),
        param: 'model',
      });
    },
    locateBlob(digest: string): BlobLocation | undefined {
      const blob = blobs.get(digest);
      return blob === undefined || blob.problem ? undefined : { digest, path: blob.path, sizeBytes: blob.sizeBytes };
    },
    putModel: (model: StoredModel) => void models.set(model.name.toLowerCase(), model),
    dropModel: (name: string) => void models.delete(name.toLowerCase()),
    putBlob(row: BlobRow, problem?: ClusterError) {
      const path = row.location === 'store' ? blobStore.pathOf(row.digest) : row.path;
      blobs.set(row.digest, { digest: row.digest, path, sizeBytes: row.size_bytes, problem });
    },
    dropBlob: (digest: string) => void blobs.delete(digest),
  };
}
