import { type ModelFacts, type ModelFile, type ModelVersion, modelFactsShape } from '@cluster-ai/contracts';
import type { Selectable } from 'kysely';
import type { FileRow, VersionRow } from '../stores/tables.ts';

export const toFile = ({ path, digest, size_bytes, media_type }: FileRow): ModelFile => ({
  path,
  digest,
  sizeBytes: size_bytes,
  mediaType: media_type,
});

/** What an older program stored may lack a fact that was added later: it is unknown then. */
export function readFacts(json: string): ModelFacts {
  const stored: unknown = JSON.parse(json);
  const unknown = Object.fromEntries(Object.keys(modelFactsShape.shape).map((key) => [key, null]));
  return modelFactsShape.parse({ ...unknown, capabilities: [], ...(stored as object) });
}

export const modelVersionColumns = [
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
  'inspection_json',
  'allowed_json',
] as const;

export type ModelVersionColumns = Pick<Selectable<VersionRow>, (typeof modelVersionColumns)[number]>;

export const toModelVersion = (row: ModelVersionColumns, files: readonly FileRow[]): ModelVersion => ({
  version: row.seq,
  semver: row.semver,
  manifestDigest: row.manifest_digest,
  createdAt: new Date(row.created_at).toISOString(),
  sizeBytes: row.size_bytes,
  files: files.map(toFile),
  facts: readFacts(row.facts_json),
  source: row.source,
});
