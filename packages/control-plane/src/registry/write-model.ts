import type { ModelFacts, ModelFile, Phrase } from '@cluster-ai/contracts';
import { newId } from '@cluster-ai/runtime';
import type { Query } from '../stores/database.ts';
import type { BlobRow, ModelRow } from '../stores/tables.ts';
import { markLinked, markUnlinked } from './garbage/references.ts';
import { createManifest } from './manifest.ts';

export interface NewVersion {
  readonly name: string;
  /** Kept as it is when empty. */
  readonly description: string;
  readonly files: readonly ModelFile[];
  readonly facts: ModelFacts;
  readonly source: string;
  readonly notices: readonly Phrase[];
}

const namespaceOf = (name: string) => name.slice(0, Math.max(0, name.lastIndexOf('/')));

async function findOrMakeModel(transaction: Query, { name, description }: NewVersion, now: number): Promise<ModelRow> {
  const nameLower = name.toLowerCase();
  const found = await transaction.selectFrom('models').selectAll().where('name_lower', '=', nameLower).executeTakeFirst();
  if (found) return found;
  const row: ModelRow = {
    id: newId('model', now),
    name,
    name_lower: nameLower,
    display_name: name.slice(namespaceOf(name).length).replace(/^\//, ''),
    namespace: namespaceOf(name),
    description,
    metadata_json: '{}',
    last_seq: 0,
    created_at: now,
    updated_at: now,
    revision: 1,
  };
  await transaction.insertInto('models').values(row).execute();
  return row;
}

async function addVersion(transaction: Query, model: ModelRow, wanted: NewVersion, now: number): Promise<string> {
  const manifest = createManifest(wanted.files);
  const same = await transaction
    .selectFrom('versions')
    .select('id')
    .where('model_id', '=', model.id)
    .where('manifest_digest', '=', manifest.digest)
    .executeTakeFirst();
  if (same) return same.id;
  const id = newId('version', now);
  await transaction
    .insertInto('versions')
    .values({
      id,
      model_id: model.id,
      seq: model.last_seq + 1,
      semver: null,
      manifest_digest: manifest.digest,
      manifest_bytes: manifest.bytes,
      source: wanted.source,
      facts_json: JSON.stringify(wanted.facts),
      notices_json: JSON.stringify(wanted.notices),
      created_at: now,
      size_bytes: wanted.files.reduce((sum, file) => sum + file.sizeBytes, 0),
    })
    .execute();
  await markLinked(
    transaction,
    wanted.files.map(({ digest }) => digest),
  );
  await transaction
    .insertInto('files')
    .values(
      wanted.files.map(({ path, digest, sizeBytes, mediaType }) => ({
        version_id: id,
        path,
        digest,
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

/** Lets `latest` point to the version. False when it did already. */
async function moveLatest(transaction: Query, modelId: string, versionId: string, now: number): Promise<boolean> {
  const key = { model_id: modelId, alias_lower: 'latest' };
  const current = await transaction
    .selectFrom('aliases')
    .select(['version_id', 'revision'])
    .where('model_id', '=', key.model_id)
    .where('alias_lower', '=', key.alias_lower)
    .executeTakeFirst();
  if (current?.version_id === versionId) return false;
  const row = {
    ...key,
    alias: 'latest',
    version_id: versionId,
    is_protected: 0 as const,
    updated_at: now,
    revision: (current?.revision ?? 0) + 1,
  };
  await transaction
    .insertInto('aliases')
    .values(row)
    .onConflict((conflict) => conflict.columns(['model_id', 'alias_lower']).doUpdateSet(row))
    .execute();
  return true;
}

/**
 * Makes the files the newest version of the model, or points `latest` back to the version that has exactly these files. The blobs must be
 * recorded already. `isChanged` is false when all of that was so before.
 */
export async function writeModel(transaction: Query, wanted: NewVersion, now: number): Promise<{ modelId: string; isChanged: boolean }> {
  const model = await findOrMakeModel(transaction, wanted, now);
  const versionId = await addVersion(transaction, model, wanted, now);
  const isMoved = await moveLatest(transaction, model.id, versionId, now);
  const isDescribed = wanted.description !== '' && wanted.description !== model.description;
  const isChanged = isMoved || isDescribed;
  if (isChanged)
    await transaction
      .updateTable('models')
      .set({ description: isDescribed ? wanted.description : model.description, updated_at: now, revision: model.revision + 1 })
      .where('id', '=', model.id)
      .execute();
  return { modelId: model.id, isChanged };
}

/** Records where bytes are; what was known about them before is replaced. */
export async function writeBlob(transaction: Query, row: BlobRow): Promise<void> {
  await transaction
    .insertInto('blobs')
    .values(row)
    .onConflict((conflict) => conflict.column('digest').doUpdateSet(row))
    .execute();
}

/** Deletes the model with all its versions, and notes since when nothing uses its blobs any more. Gives the digests of those. */
export async function deleteModel(transaction: Query, name: string, now: number): Promise<readonly string[]> {
  const model = await transaction.selectFrom('models').select('id').where('name_lower', '=', name.toLowerCase()).executeTakeFirst();
  if (!model) return [];
  const used = await transaction
    .selectFrom('files')
    .innerJoin('versions', 'versions.id', 'files.version_id')
    .select('files.digest')
    .distinct()
    .where('versions.model_id', '=', model.id)
    .execute();
  await transaction.deleteFrom('models').where('id', '=', model.id).execute();
  return markUnlinked(
    transaction,
    used.map(({ digest }) => digest),
    now,
  );
}
