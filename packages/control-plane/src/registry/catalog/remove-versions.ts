import { ClusterError, phrase } from '@cluster-ai/contracts';
import type { Query } from '../../stores/database.ts';
import type { ModelRow } from '../../stores/tables.ts';
import { type BlobRelease, blobsOf } from '../free-blobs.ts';
import type { VersionColumns } from './read-versions.ts';
import { removeEntry } from './write-entry.ts';

/** Which of these bytes run, or are meant to run: the name of one that does. */
export type FindDeployed = (digests: readonly string[]) => string | undefined;

async function digestsOf(query: Query, modelId: string, versionId?: string): Promise<readonly string[]> {
  return (await blobsOf(query, modelId, versionId)).map(({ digest }) => digest);
}

/** Throws `in_use` while something runs of a model, or of one of its versions. */
export async function refuseDeployed(query: Query, findDeployed: FindDeployed, model: ModelRow, version?: VersionColumns): Promise<void> {
  const deployed = findDeployed(await digestsOf(query, model.id, version?.id));
  if (deployed === undefined) return;
  throw new ClusterError('in_use', phrase('version_is_deployed', { model: deployed }), {
    hint: phrase('unload_first', { model: deployed }),
  });
}

/** Deletes one version. Throws `in_use` while an alias points to it. Gives the blobs that are to be settled. */
export async function deleteVersion(
  transaction: Query,
  release: BlobRelease,
  model: ModelRow,
  version: VersionColumns,
): Promise<readonly string[]> {
  const aliases = await transaction
    .selectFrom('aliases')
    .select('alias')
    .where('version_id', '=', version.id)
    .orderBy('alias_lower')
    .execute();
  if (aliases.length > 0)
    throw new ClusterError(
      'in_use',
      phrase('version_has_aliases', { version: version.seq, model: model.name, aliases: aliases.map(({ alias }) => alias).join(', ') }),
      { hint: phrase('move_the_alias'), details: { aliases: aliases.map(({ alias }) => alias) } },
    );
  const used = await blobsOf(transaction, model.id, version.id);
  await transaction.deleteFrom('versions').where('id', '=', version.id).execute();
  return release.free(transaction, used);
}

/** Deletes a model with all its versions. Gives the blobs that are to be settled. */
export async function deleteModel(transaction: Query, release: BlobRelease, model: ModelRow): Promise<readonly string[]> {
  const used = await blobsOf(transaction, model.id);
  await removeEntry(transaction, model.id);
  await transaction.deleteFrom('models').where('id', '=', model.id).execute();
  return release.free(transaction, used);
}
