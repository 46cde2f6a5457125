import { ClusterError, type Config, phrase } from '@cluster-ai/contracts';
import type { Registry, ResolvedModel } from '../registry/registry.ts';

const STARTER = 'starter';

const firstNames = (models: readonly { readonly name: string }[]) =>
  models
    .slice(0, 5)
    .map(({ name }) => name)
    .join(', ');

/** What a request means that names no model: the configured one, the only one, the starter. Throws `model_not_found` where it is open. */
export function resolveModel(reference: string, registry: Registry, { defaultModel }: Config['inference']): ResolvedModel {
  if (reference !== '') return registry.resolve(reference);
  if (defaultModel !== '') return registry.resolve(defaultModel);
  const models = registry.list();
  const [only] = models;
  if (models.length === 1 && only) return registry.resolve(only.name);
  const starter = registry.find(STARTER);
  if (starter) return starter;
  throw new ClusterError('model_not_found', phrase(models.length === 0 ? 'no_model_yet' : 'model_not_named'), {
    hint: models.length === 0 ? phrase('add_a_model') : phrase('name_one_of', { names: firstNames(models) }),
    param: 'model',
  });
}
