import { ClusterError, type Config, type ModelFacts, phrase, unknownFacts } from '@cluster-ai/contracts';
import { newId } from '@cluster-ai/runtime';
import semver from 'semver';
import type { Query } from '../../stores/database.ts';
import { advanceGeneration } from '../../stores/generations.ts';
import type { ModelRow } from '../../stores/tables.ts';
import { markLinked } from '../garbage/references.ts';
import { createManifest } from '../manifest.ts';
import { carryInspection } from './carry-inspection.ts';
import type { CatalogActor, PublishVersion } from './catalog.ts';
import { writeDoorNames } from './door-names.ts';
import { moveAlias } from './move-alias.ts';
import { selectVersions, type VersionColumns } from './read-versions.ts';
import { namespaceOf } from './search-words.ts';
import { refreshEntry } from './write-entry.ts';

export interface WriteContext {
  readonly transaction: Query;
  readonly actor: CatalogActor;
  readonly policy: Config['registry']['policy'];
  readonly now: number;
}

/** What the program is told of a version without facts: nothing but its format. */
const factsOf = ({ facts, framework, inspection }: PublishVersion): ModelFacts =>
  facts ?? {
    ...unknownFacts(framework ?? inspection?.framework ?? 'other'),
    parameterCount: inspection?.parameterCount ?? null,
  };

/** Throws `invalid_request` for what npm would not take. Without a leading `v` and build metadata, which do not tell versions apart. */
export function toSemver(text: string): string {
  const version = semver.valid(text);
  if (version !== null) return version;
  throw new ClusterError('invalid_request', phrase('not_a_semver', { version: text.slice(0, 80) }), {
    hint: phrase('write_semver'),
    param: 'version',
  });
}

/** A row for a name that nothing has; `description` and metadata come later. */
export async function insertModel(transaction: Query, name: string, now: number): Promise<ModelRow> {
  const row: ModelRow = {
    id: newId('model', now),
    name,
    name_lower: name.toLowerCase(),
    display_name: name.slice(namespaceOf(name).length).replace(/^\//, ''),
    namespace: namespaceOf(name),
    description: '',
    metadata_json: '{}',
    last_seq: 0,
    created_at: now,
    updated_at: now,
    revision: 1,
  };
  await transaction.insertInto('models').values(row).execute();
  await writeDoorNames(transaction, row.id, name);
  return row;
}

export const findModelRow = (query: Query, name: string): Promise<ModelRow | undefined> =>
  query.selectFrom('models').selectAll().where('name_lower', '=', name.toLowerCase()).executeTakeFirst();

/** Changes a model, and what search knows of it. */
export async function saveModel(transaction: Query, model: ModelRow, changes: Partial<ModelRow>, now: number): Promise<ModelRow> {
  const changed: ModelRow = { ...model, ...changes, updated_at: now, revision: model.revision + 1 };
  await transaction.updateTable('models').set(changed).where('id', '=', model.id).execute();
  await refreshEntry(transaction, changed);
  await advanceGeneration(transaction, 'catalog.generation', now);
  return changed;
}

async function insertVersion(
  transaction: Query,
  model: ModelRow,
  wanted: PublishVersion,
  wantedSemver: string | null,
  now: number,
): Promise<string> {
  const { digest, bytes } = createManifest(wanted.files);
  await markLinked(
    transaction,
    wanted.files.map((file) => file.digest),
  );
  const id = newId('version', now);
  const inspection = wanted.inspection ?? (await carryInspection(transaction, wanted.files));
  await transaction
    .insertInto('versions')
    .values({
      id,
      model_id: model.id,
      seq: model.last_seq + 1,
      semver: wantedSemver,
      manifest_digest: digest,
      manifest_bytes: bytes,
      source: wanted.source,
      facts_json: JSON.stringify(factsOf(wanted)),
      notices_json: JSON.stringify(wanted.notices ?? []),
      created_at: now,
      size_bytes: wanted.files.reduce((sum, file) => sum + file.sizeBytes, 0),
      framework: wanted.framework ?? inspection?.framework ?? factsOf(wanted).format,
      metadata_json: JSON.stringify(wanted.metadata ?? {}),
      inspection_json: inspection ? JSON.stringify(inspection) : null,
    })
    .execute();
  await transaction
    .insertInto('files')
    .values(
      wanted.files.map(({ path, digest: blob, sizeBytes, mediaType }) => ({
        version_id: id,
        path,
        digest: blob,
        size_bytes: sizeBytes,
        media_type: mediaType,
      })),
    )
    .execute();
  await transaction
    .updateTable('models')
    .set({ last_seq: model.last_seq + 1 })
    .where('id', '=', model.id)
    .execute();
  return id;
}

const semverTaken = (model: ModelRow, version: string) =>
  new ClusterError('already_exists', phrase('semver_is_taken', { version, model: model.name }), {
    hint: phrase('choose_next_version'),
    param: 'version',
  });

/** The version that has exactly these files, or a new one. Throws `already_exists` for a semantic version that others have. */
async function findOrInsertVersion(
  transaction: Query,
  model: ModelRow,
  wanted: PublishVersion,
  now: number,
): Promise<{ row: VersionColumns; isNew: boolean }> {
  const wantedSemver = wanted.semver === undefined ? null : toSemver(wanted.semver);
  const { digest } = createManifest(wanted.files);
  if (wantedSemver !== null) {
    const taken = await selectVersions(transaction, model.id).where('semver', '=', wantedSemver).executeTakeFirst();
    if (taken && taken.manifest_digest !== digest) throw semverTaken(model, wantedSemver);
    if (taken) return { row: taken, isNew: false };
  } else {
    const same = await selectVersions(transaction, model.id)
      .where('manifest_digest', '=', digest)
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (same) return { row: same, isNew: false };
  }
  const id = await insertVersion(transaction, model, wanted, wantedSemver, now);
  return { row: await selectVersions(transaction, model.id).where('id', '=', id).executeTakeFirstOrThrow(), isNew: true };
}

export async function writeTags(transaction: Query, versionId: string, tags: Readonly<Record<string, string>>): Promise<void> {
  const rows = Object.entries(tags).map(([key, value]) => ({ version_id: versionId, key, value }));
  if (rows.length > 0) await transaction.insertInto('tags').values(rows).execute();
}

/**
 * Makes the files the newest version of the model, or points `latest` back to the version that has exactly these files. The blobs must be
 * recorded already. `isChanged` is false when all of that was so before.
 */
export async function writeVersion(
  { transaction, actor, policy, now }: WriteContext,
  wanted: PublishVersion,
): Promise<{ model: ModelRow; version: VersionColumns; isChanged: boolean }> {
  const found = await findModelRow(transaction, wanted.name);
  const model = found ?? (await insertModel(transaction, wanted.name, now));
  const { row, isNew } = await findOrInsertVersion(transaction, model, wanted, now);
  if (isNew) await writeTags(transaction, row.id, wanted.tags ?? {});
  const context = { transaction, model, actor, policy, now };
  let isMoved = false;
  const latest = found !== undefined && wanted.keepsLatest === true ? [] : ['latest'];
  for (const alias of new Set([...latest, ...(wanted.aliases ?? [])]))
    isMoved = (await moveAlias(context, { alias, to: row, kind: 'move' })) || isMoved;
  const description = wanted.description ?? '';
  const isDescribed = description !== '' && description !== model.description;
  const isChanged = isNew || isMoved || isDescribed;
  if (!isChanged) return { model, version: row, isChanged };
  const grown = { ...model, last_seq: isNew ? row.seq : model.last_seq };
  return { model: await saveModel(transaction, grown, isDescribed ? { description } : {}, now), version: row, isChanged };
}
