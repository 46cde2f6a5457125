import { ClusterError, phrase } from '@cluster-ai/contracts';
import { newId } from '@cluster-ai/runtime';
import type { Query } from '../../stores/database.ts';
import type { ModelRow } from '../../stores/tables.ts';
import type { PublishVersion } from './catalog.ts';
import { moveAlias } from './move-alias.ts';
import { completeVersion, findAliasRow, readTags, type VersionColumns } from './read-versions.ts';
import { findModelRow, insertModel, saveModel, type WriteContext, writeTags } from './write-version.ts';

async function copyVersion(transaction: Query, from: { readonly id: string }, to: ModelRow): Promise<VersionColumns> {
  const {
    id: _id,
    model_id: _modelId,
    ...row
  } = await transaction.selectFrom('versions').selectAll().where('id', '=', from.id).executeTakeFirstOrThrow();
  // an admin's word is about one version of one model
  const copy = { ...row, id: newId('version', row.created_at), model_id: to.id, allowed_json: null };
  await transaction.insertInto('versions').values(copy).execute();
  const files = await transaction.selectFrom('files').selectAll().where('version_id', '=', from.id).execute();
  await transaction
    .insertInto('files')
    .values(files.map((file) => ({ ...file, version_id: copy.id })))
    .execute();
  await writeTags(transaction, copy.id, await readTags(transaction, from.id));
  return copy;
}

/**
 * A whole model under a name that nothing has: the same versions with their numbers, tags and `latest`. Other aliases are promises about the
 * model that they were given for, so they are not copied. Throws `already_exists`.
 */
export async function copyModel(context: WriteContext, from: ModelRow, name: string): Promise<ModelRow> {
  const { transaction, now } = context;
  if (await findModelRow(transaction, name))
    throw new ClusterError('already_exists', phrase('name_is_taken', { name }), { hint: phrase('choose_other_name'), param: 'to' });
  const to = await insertModel(transaction, name, now);
  const latest = await findAliasRow(transaction, from.id, 'latest');
  const versions = await transaction.selectFrom('versions').select(['id', 'seq']).where('model_id', '=', from.id).orderBy('seq').execute();
  for (const version of versions) {
    const copy = await copyVersion(transaction, version, to);
    if (version.id === latest?.version_id) await moveAlias({ ...context, model: to }, { alias: 'latest', to: copy, kind: 'move' });
  }
  const { description, metadata_json, last_seq } = from;
  return saveModel(transaction, to, { description, metadata_json, last_seq }, now);
}

/** What publishing one version of a model under another name would take. */
export async function toPublication(transaction: Query, from: ModelRow, row: VersionColumns, name: string): Promise<PublishVersion> {
  const { files, framework, facts, metadata, inspection, source, semver, tags } = await completeVersion(transaction, row);
  const { notices_json } = await transaction
    .selectFrom('versions')
    .select('notices_json')
    .where('id', '=', row.id)
    .executeTakeFirstOrThrow();
  return {
    name,
    description: from.description,
    framework,
    facts,
    metadata,
    files,
    source,
    tags,
    notices: JSON.parse(notices_json),
    ...(semver === null ? {} : { semver }),
    ...(inspection === null ? {} : { inspection }),
  };
}
