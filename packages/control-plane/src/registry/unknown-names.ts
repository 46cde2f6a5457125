import { ClusterError, isModelName, type Phrase, phrase } from '@cluster-ai/contracts';
import { type ModelGrants, mayUseModel } from '../access/model-grants.ts';
import type { Query } from '../stores/database.ts';
import { nearestNames } from './nearest-names.ts';

/** Comparing takes time for each name: of very many only those that begin alike are looked at. */
const MOST_NAMES = 500;

async function likelyNames(query: Query, wanted: string): Promise<readonly string[]> {
  const select = () => query.selectFrom('models').select('name').orderBy('name_lower');
  const all = await select()
    .limit(MOST_NAMES + 1)
    .execute();
  if (all.length <= MOST_NAMES) return all.map(({ name }) => name);
  const start = wanted.toLowerCase().slice(0, 2);
  const alike = await select().where('name_lower', '>=', start).where('name_lower', '<', `${start}\u{10ffff}`).limit(MOST_NAMES).execute();
  return alike.map(({ name }) => name);
}

function describeUnknown(name: string, names: readonly string[]): Phrase {
  const near = nearestNames(name, names);
  if (near.length > 0) return phrase('did_you_mean', { names: near.join(', ') });
  return phrase(names.length > 0 ? 'list_the_models' : 'add_a_model');
}

/** Why a name means no model, and which ones may have been meant: only names that the caller may know. */
export async function explainUnknownModel(query: Query, name: string, grants?: ModelGrants): Promise<ClusterError> {
  if (!isModelName(name))
    return new ClusterError('invalid_model_reference', phrase('not_a_name', { name: name.slice(0, 120) }), {
      hint: phrase('name_alone'),
      param: 'model',
    });
  const names = await likelyNames(query, name);
  const known = names.filter((other) => grants === undefined || mayUseModel(grants, other));
  return new ClusterError('model_not_found', phrase('model_unknown', { name }), { hint: describeUnknown(name, known), param: 'model' });
}
