import {
  ClusterError,
  formatModelReference,
  type Inspection,
  type ModelFile,
  type ModelReference,
  type ModelVersion,
  type Phrase,
  phrase,
  toEnglish,
} from '@cluster-ai/contracts';
import semver from 'semver';
import type { Query } from '../stores/database.ts';
import type { BlobRow, FileRow, ModelRow } from '../stores/tables.ts';
import { readInspection } from './catalog/read-versions.ts';
import { type ModelVersionColumns, modelVersionColumns, toModelVersion } from './model-rows.ts';
import type { ModelRecord } from './registry.ts';

const selectVersions = (query: Query) => query.selectFrom('versions').select(modelVersionColumns);
const findVersions = (query: Query, modelId: string) => selectVersions(query).where('model_id', '=', modelId);

/** Which version a reference means: the digest when there is one, else an alias, a semantic version, or a version's number. */
async function findVersion(query: Query, modelId: string, { alias, digest }: ModelReference): Promise<ModelVersionColumns | undefined> {
  if (digest !== undefined) return findVersions(query, modelId).where('manifest_digest', '=', digest).executeTakeFirst();
  const pointer = await query
    .selectFrom('aliases')
    .select('version_id')
    .where('model_id', '=', modelId)
    .where('alias_lower', '=', alias.toLowerCase())
    .executeTakeFirst();
  if (pointer) return findVersions(query, modelId).where('id', '=', pointer.version_id).executeTakeFirst();
  if (/^\d{1,15}$/.test(alias)) return findVersions(query, modelId).where('seq', '=', Number(alias)).executeTakeFirst();
  const version = semver.valid(alias);
  return version === null ? undefined : findVersions(query, modelId).where('semver', '=', version).executeTakeFirst();
}

const isWeights = ({ mediaType }: ModelFile) => mediaType.startsWith('application/vnd.cluster-ai.');

/** The file that an engine loads: the largest of the weights. Prompts, licences and the like may lie beside them. */
export function pickFile(version: ModelVersion): ModelFile {
  const bySize = version.files.toSorted((a, b) => b.sizeBytes - a.sizeBytes);
  const file = bySize.find(isWeights) ?? bySize[0];
  if (!file) throw new Error(`Version ${version.manifestDigest} has no file.`);
  return file;
}

export interface ReadReference {
  readonly reference: string;
  readonly name: string;
  readonly version: ModelVersion;
  readonly file: ModelFile;
  readonly blob: BlobRow;
  readonly inspection: Inspection | null;
  /** An admin said that it may be used although it is suspicious. */
  readonly isAllowed: boolean;
}

/** Reads what a reference means, as it is now; `undefined` where it means nothing. */
export async function readReference(query: Query, wanted: ModelReference): Promise<ReadReference | undefined> {
  const model = await query
    .selectFrom('models')
    .select(['id', 'name'])
    .where('name_lower', '=', wanted.name.toLowerCase())
    .executeTakeFirst();
  const row = model && (await findVersion(query, model.id, wanted));
  if (!model || !row) return undefined;
  const files = await query.selectFrom('files').selectAll().where('version_id', '=', row.id).orderBy('path').execute();
  const version = toModelVersion(row, files);
  const file = pickFile(version);
  const blob = await query.selectFrom('blobs').selectAll().where('digest', '=', file.digest).executeTakeFirst();
  if (!blob) return undefined; // removed between two of these reads
  const { alias, digest } = wanted;
  return {
    reference: formatModelReference({ name: model.name, alias, ...(digest === undefined ? {} : { digest }) }),
    name: model.name,
    version,
    file,
    blob,
    inspection: readInspection(row.inspection_json),
    isAllowed: row.allowed_json !== null,
  };
}

const VERSIONS_TOLD = 10;

/** Why a model that is there has no such version. */
export async function explainUnknownVersion(
  query: Query,
  model: Pick<ModelRow, 'id' | 'name'>,
  { alias, digest }: ModelReference,
): Promise<ClusterError> {
  const aliases = await query
    .selectFrom('aliases')
    .select('alias')
    .where('model_id', '=', model.id)
    .orderBy('alias_lower')
    .limit(VERSIONS_TOLD)
    .execute();
  const versions = await findVersions(query, model.id).orderBy('seq', 'desc').limit(VERSIONS_TOLD).execute();
  const known = [...aliases.map((row) => row.alias), ...versions.map(({ semver: text, seq }) => text ?? String(seq))];
  return new ClusterError('model_not_found', phrase('version_unknown', { model: model.name, version: digest ?? `"${alias}"` }), {
    hint: phrase('it_has', { names: known.join(', ') }),
    param: 'model',
  });
}

const filesOf = (query: Query, ids: readonly string[]): Promise<readonly FileRow[]> =>
  query.selectFrom('files').selectAll().where('version_id', 'in', ids).orderBy('path').execute();

/** The newest versions of one model. */
export async function readNewestVersions(query: Query, modelId: string, most: number): Promise<readonly ModelVersion[]> {
  const rows = await findVersions(query, modelId).orderBy('seq', 'desc').limit(most).execute();
  if (rows.length === 0) return [];
  const files = Map.groupBy(
    await filesOf(
      query,
      rows.map(({ id }) => id),
    ),
    ({ version_id }) => version_id,
  );
  return rows.map((row) => toModelVersion(row, files.get(row.id) ?? []));
}

type FindProblem = (row: BlobRow) => Promise<ClusterError | undefined>;

/** Why its file cannot be used, where it cannot, and what else a person must know before using it. */
function toNotices(noticesJson: string, problem: ClusterError | undefined): Phrase[] {
  return [...(problem?.said?.message ?? []), ...(problem?.said?.hint ?? []), ...(JSON.parse(noticesJson) as Phrase[])];
}

/** So many models by their names, each with its `latest` version; with a name, only that one. */
export async function readRecords(
  query: Query,
  findProblem: FindProblem,
  { most, name }: { readonly most: number; readonly name?: string },
): Promise<readonly ModelRecord[]> {
  const rows = await query
    .selectFrom('models')
    .innerJoin('catalog_entries', 'catalog_entries.model_id', 'models.id')
    .innerJoin('catalog_summaries', 'catalog_summaries.number', 'catalog_entries.number')
    .selectAll('models')
    .select('summary_json')
    .$if(name !== undefined, (one) => one.where('models.name_lower', '=', name?.toLowerCase() ?? ''))
    .orderBy('catalog_entries.name_lower')
    .limit(most)
    .execute();
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return [];
  const aliases = await query
    .selectFrom('aliases')
    .innerJoin('versions', 'versions.id', 'aliases.version_id')
    .select(['aliases.model_id', 'alias', 'alias_lower', 'version_id', 'seq'])
    .where('aliases.model_id', 'in', ids)
    .orderBy('alias_lower')
    .execute();
  const newest = aliases.filter(({ alias_lower }) => alias_lower === 'latest').map(({ version_id }) => version_id);
  const versions = newest.length === 0 ? [] : await selectVersions(query).where('id', 'in', newest).execute();
  const files = Map.groupBy(newest.length === 0 ? [] : await filesOf(query, newest), ({ version_id }) => version_id);
  const latest = new Map(versions.map((row) => [row.model_id, row]));
  const ofModel = Map.groupBy(aliases, ({ model_id }) => model_id);
  const records = rows.map(async (model): Promise<ModelRecord[]> => {
    const row = latest.get(model.id);
    if (!row) return [];
    const version = toModelVersion(row, files.get(row.id) ?? []);
    const blob = await query.selectFrom('blobs').selectAll().where('digest', '=', pickFile(version).digest).executeTakeFirst();
    const notices = toNotices(row.notices_json, blob && (await findProblem(blob)));
    return [
      {
        name: model.name,
        description: model.description,
        aliases: (ofModel.get(model.id) ?? []).map(({ alias, seq }) => ({ alias, version: seq })),
        latest: version,
        versionCount: (JSON.parse(model.summary_json) as { versionCount: number }).versionCount,
        createdAt: new Date(model.created_at).toISOString(),
        updatedAt: new Date(model.updated_at).toISOString(),
        notice: toEnglish(notices),
        notices,
      },
    ];
  });
  return (await Promise.all(records)).flat();
}
