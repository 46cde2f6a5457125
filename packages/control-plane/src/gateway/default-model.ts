import { ClusterError, type Config, phrase } from '@cluster-ai/contracts';
import { type ModelGrants, mayUseModel } from '../access/model-grants.ts';
import type { Registry, ResolvedModel } from '../registry/registry.ts';

const STARTER = 'starter';
const NAMES_TOLD = 5;

const firstNames = (models: readonly { readonly name: string }[]) => models.map(({ name }) => name).join(', ');

/** What a request means that names no model: the configured one, the only one, the starter. Throws `model_not_found` where it is open. */
export async function resolveModel(
  reference: string,
  registry: Pick<Registry, 'resolve' | 'find' | 'list'>,
  { defaultModel }: Config['inference'],
  grants?: ModelGrants,
): Promise<ResolvedModel> {
  if (reference !== '') return registry.resolve(reference, grants);
  if (defaultModel !== '') return registry.resolve(defaultModel);
  const models = await registry.list(NAMES_TOLD);
  const [only] = models;
  if (models.length === 1 && only) return registry.resolve(only.name);
  const starter = await registry.find(STARTER);
  if (starter) return starter;
  throw new ClusterError('model_not_found', phrase(models.length === 0 ? 'no_model_yet' : 'model_not_named'), {
    hint:
      models.length === 0
        ? phrase('add_a_model')
        : phrase('name_one_of', { names: firstNames(models.filter(({ name }) => grants === undefined || mayUseModel(grants, name))) }),
    param: 'model',
  });
}
