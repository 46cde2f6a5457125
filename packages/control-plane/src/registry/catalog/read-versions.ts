import {
  type CatalogAlias,
  type CatalogVersion,
  ClusterError,
  type Framework,
  type Inspection,
  inspectionShape,
  isModelName,
  phrase,
  type VersionMetadata,
  versionAllowanceShape,
  versionMetadataShape,
} from '@cluster-ai/contracts';
import type { Selectable } from 'kysely';
import semver from 'semver';
import type { Query } from '../../stores/database.ts';
import type { AliasRow, FileRow, ModelRow, VersionRow } from '../../stores/tables.ts';
import { readFacts, toFile } from '../model-rows.ts';
import { explainUnknownModel } from '../unknown-names.ts';

export type VersionColumns = Omit<Selectable<VersionRow>, 'manifest_bytes' | 'notices_json'>;

const columns = [
  'id',
  'model_id',
  'seq',
  'semver',
  'manifest_digest',
  'source',
  'facts_json',
  'created_at',
  'size_bytes',
  'framework',
  'metadata_json',
  'inspection_json',
  'allowed_json',
] as const;

export const readMetadata = (json: string): VersionMetadata => versionMetadataShape.parse(JSON.parse(json));
export const readInspection = (json: string | null): Inspection | null => (json === null ? null : inspectionShape.parse(JSON.parse(json)));

/** Throws `model_not_found`, with names that may have been meant. */
export async function getModelRow(query: Query, name: string): Promise<ModelRow> {
  const lower = name.toLowerCase();
  const row = isModelName(name)
    ? await query.selectFrom('models').selectAll().where('name_lower', '=', lower).executeTakeFirst()
    : undefined;
  if (row) return row;
  throw await explainUnknownModel(query, name);
}

export const selectVersions = (query: Query, modelId: string) =>
  query.selectFrom('versions').select(columns).where('model_id', '=', modelId);

/** By number, alias, semantic version or manifest digest, in this order. Throws `version_not_found`. */
export async function getVersionRow(query: Query, model: ModelRow, version: string | number): Promise<VersionColumns> {
  const text = String(version);
  const found =
    (await findByNumber(query, model, text)) ?? (await findByAlias(query, model, text)) ?? (await findBySemver(query, model, text));
  if (found) return found;
  throw new ClusterError('version_not_found', phrase('version_unknown', { model: model.name, version: `"${text.slice(0, 80)}"` }), {
    hint: phrase('list_the_versions', { model: model.name }),
    param: 'version',
  });
}

async function findByNumber(query: Query, model: ModelRow, text: string): Promise<VersionColumns | undefined> {
  if (/^sha256:[0-9a-f]{64}$/.test(text)) return selectVersions(query, model.id).where('manifest_digest', '=', text).executeTakeFirst();
  if (!/^\d{1,15}$/.test(text)) return undefined;
  return selectVersions(query, model.id).where('seq', '=', Number(text)).executeTakeFirst();
}

async function findByAlias(query: Query, model: ModelRow, text: string): Promise<VersionColumns | undefined> {
  if (!/^[\w.+-]+$/.test(text)) return undefined; // no alias has other letters, and some a database cannot take
  const alias = await findAliasRow(query, model.id, text);
  return alias && selectVersions(query, model.id).where('id', '=', alias.version_id).executeTakeFirst();
}

async function findBySemver(query: Query, model: ModelRow, text: string): Promise<VersionColumns | undefined> {
  const wanted = semver.valid(text);
  return wanted === null ? undefined : selectVersions(query, model.id).where('semver', '=', wanted).executeTakeFirst();
}

export const findAliasRow = (query: Query, modelId: string, alias: string): Promise<AliasRow | undefined> =>
  query.selectFrom('aliases').selectAll().where('model_id', '=', modelId).where('alias_lower', '=', alias.toLowerCase()).executeTakeFirst();

/** Of the model, or only of these versions. */
export async function readAliases(query: Query, modelId: string): Promise<readonly CatalogAlias[]> {
  const rows = await query
    .selectFrom('aliases')
    .innerJoin('versions', 'versions.id', 'aliases.version_id')
    .select(['alias', 'seq', 'is_protected', 'aliases.updated_at'])
    .where('aliases.model_id', '=', modelId)
    .orderBy('alias_lower')
    .execute();
  return rows.map(({ alias, seq, is_protected, updated_at }) => ({
    alias,
    version: seq,
    isProtected: is_protected === 1,
    updatedAt: new Date(updated_at).toISOString(),
  }));
}

export async function readTags(query: Query, versionId: string): Promise<Readonly<Record<string, string>>> {
  const rows = await query.selectFrom('tags').select(['key', 'value']).where('version_id', '=', versionId).orderBy('key').execute();
  return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
}

function toVersion(
  row: VersionColumns,
  files: readonly FileRow[],
  aliases: readonly string[],
  tags: readonly (readonly [string, string])[],
): CatalogVersion {
  return {
    version: row.seq,
    semver: row.semver,
    manifestDigest: row.manifest_digest,
    framework: row.framework as Framework,
    sizeBytes: row.size_bytes,
    createdAt: new Date(row.created_at).toISOString(),
    source: row.source,
    files: files.map(toFile),
    facts: readFacts(row.facts_json),
    metadata: readMetadata(row.metadata_json),
    inspection: readInspection(row.inspection_json),
    allowed: row.allowed_json === null ? null : versionAllowanceShape.parse(JSON.parse(row.allowed_json)),
    aliases: [...aliases],
    tags: Object.fromEntries(tags),
  };
}

/** Versions with what belongs to them, in the order of the rows. */
export async function completeVersions(query: Query, rows: readonly VersionColumns[]): Promise<readonly CatalogVersion[]> {
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return [];
  const files = await query.selectFrom('files').selectAll().where('version_id', 'in', ids).orderBy('path').execute();
  const aliases = await query
    .selectFrom('aliases')
    .select(['version_id', 'alias'])
    .where('version_id', 'in', ids)
    .orderBy('alias_lower')
    .execute();
  const tags = await query.selectFrom('tags').selectAll().where('version_id', 'in', ids).orderBy('key').execute();
  return rows.map((row) =>
    toVersion(
      row,
      files.filter(({ version_id }) => version_id === row.id),
      aliases.filter(({ version_id }) => version_id === row.id).map(({ alias }) => alias),
      tags.filter(({ version_id }) => version_id === row.id).map(({ key, value }) => [key, value] as const),
    ),
  );
}

export async function completeVersion(query: Query, row: VersionColumns): Promise<CatalogVersion> {
  const [version] = await completeVersions(query, [row]);
  if (!version) throw new Error('One version was asked for, and none came.');
  return version;
}
