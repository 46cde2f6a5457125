import { ClusterError, type Config, parseModelReference } from '@cluster-ai/contracts';
import type { Catalog } from '../../registry/catalog/catalog.ts';
import { decideUse } from '../../registry/inspection/policy.ts';
import type { TaskModel } from './prepare-tasks.ts';

export interface FindModelDependencies {
  readonly catalog: Pick<Catalog, 'version'>;
  readonly policy: Config['registry']['policy'];
}

/** Finds what a task's reference means, as long as the policy over what was found in its files lets it be loaded. */
export function createModelFinder({ catalog, policy }: FindModelDependencies) {
  return async (reference: string): Promise<TaskModel> => {
    const { name, alias, digest } = parseModelReference(reference);
    const found = await catalog.version({ name, version: alias });
    if (digest !== undefined && digest !== found.manifestDigest)
      throw new ClusterError('version_not_found', `${name} has no version ${digest} by that name.`, {
        hint: `See \`cluster-ai models versions ${name}\`.`,
      });
    const { inspection, allowed, framework, files } = found;
    const inspections = inspection === null ? [] : [inspection];
    const decision = decideUse({ model: name, use: 'load', inspections, isOverridden: allowed !== null }, policy);
    if (!decision.isAllowed) throw new ClusterError('verdict_refused', decision.message, { hint: decision.hint });
    return { framework, verdict: inspection?.verdict ?? null, files: files.map(({ path, digest: of }) => ({ path, digest: of })) };
  };
}
