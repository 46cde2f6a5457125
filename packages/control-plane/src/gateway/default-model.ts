import { ClusterError, type Config } from '@cluster-ai/contracts';
import type { Registry, ResolvedModel } from '../registry/registry.ts';

const STARTER = 'starter';

/** What a request means that names no model: the configured one, the only one, the starter. Throws `model_not_found` where it is open. */
export function resolveModel(reference: string, registry: Registry, { defaultModel }: Config['inference']): ResolvedModel {
  if (reference !== '') return registry.resolve(reference);
  if (defaultModel !== '') return registry.resolve(defaultModel);
  const models = registry.list();
  const [only] = models;
  if (models.length === 1 && only) return registry.resolve(only.name);
  const starter = registry.find(STARTER);
  if (starter) return starter;
  throw new ClusterError(
    'model_not_found',
    models.length === 0 ? 'No model is registered yet.' : 'The request names no model, and there are several.',
    {
      hint:
        models.length === 0
          ? 'Add one: `cluster-ai models add NAME --file PATH.gguf`.'
          : `Name one of: ${models
              .slice(0, 5)
              .map(({ name }) => name)
              .join(', ')}.`,
      param: 'model',
    },
  );
}
