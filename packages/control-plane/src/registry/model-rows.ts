import { type ModelFacts, type ModelFile, type ModelVersion, modelFactsShape, type Phrase } from '@cluster-ai/contracts';
import type { Query } from '../stores/database.ts';
import type { AliasRow, FileRow, ModelRow, VersionRow } from '../stores/tables.ts';

/** One model with everything that belongs to it, as it is stored. */
export interface StoredModel {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Newest first. */
  readonly versions: readonly ModelVersion[];
  /** By version. */
  readonly notices: ReadonlyMap<number, readonly Phrase[]>;
  readonly aliases: readonly { readonly alias: string; readonly version: number }[];
}

type VersionColumns = Omit<VersionRow, 'manifest_bytes'>;

const toFile = ({ path, digest, size_bytes, media_type }: FileRow): ModelFile => ({
  path,
  digest,
  sizeBytes: size_bytes,
  mediaType: media_type,
});

/** What an older program stored may lack a fact that was added later: it is unknown then. */
function readFacts(json: string): ModelFacts {
  const stored: unknown = JSON.parse(json);
  const unknown = Object.fromEntries(Object.keys(modelFactsShape.shape).map((key) => [key, null]));
  return modelFactsShape.parse({ ...unknown, ...(stored as object) });
}

const toVersion = (row: VersionColumns, files: readonly FileRow[] = []): ModelVersion => ({
  version: row.seq,
  semver: row.semver,
  manifestDigest: row.manifest_digest,
  createdAt: new Date(row.created_at).toISOString(),
  sizeBytes: row.size_bytes,
  files: files.map(toFile),
  facts: readFacts(row.facts_json),
  source: row.source,
});

/** The rows of all models, each where its owner finds it. */
interface Belongings {
  readonly versions: ReadonlyMap<string, readonly VersionColumns[]>;
  readonly files: ReadonlyMap<string, readonly FileRow[]>;
  readonly aliases: ReadonlyMap<string, readonly AliasRow[]>;
}

function toStoredModel(model: ModelRow, { versions, files, aliases }: Belongings): StoredModel {
  const own = (versions.get(model.id) ?? []).toSorted((a, b) => b.seq - a.seq);
  const seqOf = new Map(own.map(({ id, seq }) => [id, seq]));
  return {
    id: model.id,
    name: model.name,
    description: model.description,
    createdAt: model.created_at,
    updatedAt: model.updated_at,
    versions: own.map((version) => toVersion(version, files.get(version.id))),
    notices: new Map(own.map(({ seq, notices_json }) => [seq, JSON.parse(notices_json) as readonly Phrase[]])),
    aliases: (aliases.get(model.id) ?? []).flatMap(({ alias, version_id }) => {
      const version = seqOf.get(version_id);
      return version === undefined ? [] : [{ alias, version }];
    }),
  };
}

const versionColumns = [
  'id',
  'model_id',
  'seq',
  'semver',
  'manifest_digest',
  'source',
  'facts_json',
  'notices_json',
  'created_at',
  'size_bytes',
] as const;

/** All models, or the one with this id. */
export async function readModels(query: Query, id?: string): Promise<readonly StoredModel[]> {
  const models = await query
    .selectFrom('models')
    .selectAll()
    .$if(id !== undefined, (narrow) => narrow.where('id', '=', id ?? ''))
    .execute();
  const versions = await query
    .selectFrom('versions')
    .select(versionColumns)
    .$if(id !== undefined, (narrow) => narrow.where('model_id', '=', id ?? ''))
    .execute();
  const files = await query
    .selectFrom('files')
    .innerJoin('versions', 'versions.id', 'files.version_id')
    .selectAll('files')
    .$if(id !== undefined, (narrow) => narrow.where('versions.model_id', '=', id ?? ''))
    .execute();
  const aliases = await query
    .selectFrom('aliases')
    .selectAll()
    .orderBy('alias_lower')
    .$if(id !== undefined, (narrow) => narrow.where('model_id', '=', id ?? ''))
    .execute();
  const belongings: Belongings = {
    versions: Map.groupBy(versions, ({ model_id }) => model_id),
    files: Map.groupBy(files, ({ version_id }) => version_id),
    aliases: Map.groupBy(aliases, ({ model_id }) => model_id),
  };
  return models.map((model) => toStoredModel(model, belongings));
}
