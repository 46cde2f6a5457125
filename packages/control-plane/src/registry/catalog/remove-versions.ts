import { ClusterError, phrase } from '@cluster-ai/contracts';
import type { Query } from '../../stores/database.ts';
import { advanceGeneration } from '../../stores/generations.ts';
import type { ModelRow } from '../../stores/tables.ts';
import { markUnlinked } from '../garbage/references.ts';
import type { CatalogActor } from './catalog.ts';
import { checkRight } from './move-alias.ts';
import type { VersionColumns } from './read-versions.ts';
import { removeEntry } from './write-entry.ts';

/** Which of these bytes run, or are meant to run: the name of one that does. */
export type FindDeployed = (digests: readonly string[]) => string | undefined;

async function digestsOf(query: Query, modelId: string, versionId?: string): Promise<readonly string[]> {
  const rows = await query
    .selectFrom('files')
    .innerJoin('versions', 'versions.id', 'files.version_id')
    .select('files.digest')
    .distinct()
    .where('versions.model_id', '=', modelId)
    .$if(versionId !== undefined, (narrow) => narrow.where('versions.id', '=', versionId ?? ''))
    .execute();
  return rows.map(({ digest }) => digest);
}

/** Throws `in_use` while something runs of a model, or of one of its versions. */
export async function refuseDeployed(query: Query, findDeployed: FindDeployed, model: ModelRow, version?: VersionColumns): Promise<void> {
  const deployed = findDeployed(await digestsOf(query, model.id, version?.id));
  if (deployed === undefined) return;
  throw new ClusterError('in_use', phrase('version_is_deployed', { model: deployed }), {
    hint: phrase('unload_first', { model: deployed }),
  });
}

/** Throws `forbidden` where an alias of the model is protected from this actor. */
export async function refuseProtected(query: Query, model: ModelRow, actor: CatalogActor): Promise<void> {
  const rows = await query.selectFrom('aliases').select('alias').where('model_id', '=', model.id).where('is_protected', '=', 1).execute();
  for (const { alias } of rows) checkRight({ model, actor }, alias);
}

/** Deletes one version. Its bytes are left to garbage collection where nothing else uses them. Throws `in_use` while an alias points to it. */
export async function deleteVersion(transaction: Query, model: ModelRow, version: VersionColumns, now: number): Promise<void> {
  const rows = await transaction
    .selectFrom('aliases')
    .select('alias')
    .where('version_id', '=', version.id)
    .orderBy('alias_lower')
    .execute();
  const aliases = rows.map(({ alias }) => alias);
  if (aliases.length > 0)
    throw new ClusterError(
      'in_use',
      phrase('version_has_aliases', { version: version.seq, model: model.name, aliases: aliases.join(', ') }),
      {
        hint: phrase('move_the_alias'),
        details: { aliases },
      },
    );
  const used = await digestsOf(transaction, model.id, version.id);
  await transaction.deleteFrom('versions').where('id', '=', version.id).execute();
  await markUnlinked(transaction, used, now);
}

/** Deletes a model with all its versions. */
export async function deleteModel(transaction: Query, model: ModelRow, now: number): Promise<void> {
  const used = await digestsOf(transaction, model.id);
  await removeEntry(transaction, model.id);
  await transaction.deleteFrom('models').where('id', '=', model.id).execute();
  await markUnlinked(transaction, used, now);
  await advanceGeneration(transaction, 'catalog.generation', now);
}
