import { ClusterError, DEFAULT_ALIAS, phrase } from '@cluster-ai/contracts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { Catalog, CatalogActor } from '../../registry/catalog/catalog.ts';
import type { Registry, ResolvedModel } from '../../registry/registry.ts';

interface RemovalDependencies {
  readonly gateway: Pick<Gateway, 'unload'>;
  readonly registry: Pick<Registry, 'remove'>;
  readonly catalog: Pick<Catalog, 'aliases' | 'putAlias' | 'removeAlias' | 'removeVersion'>;
}

/**
 * What Ollama's clients mean when they remove `name:tag`: the tag goes, and with it what only the tag named. Every model of ours has a `latest`,
 * which follows the others: it goes with the last of them, and not before. Throws `in_use` for it while there are others.
 */
export async function removeTag(
  { gateway, registry, catalog }: RemovalDependencies,
  { name, version: { version } }: ResolvedModel,
  tag: string,
  actor: CatalogActor,
): Promise<void> {
  const aliases = await catalog.aliases(name);
  const latest = aliases.find(({ alias }) => alias === DEFAULT_ALIAS);
  const others = aliases.filter(({ alias }) => alias !== DEFAULT_ALIAS && alias.toLowerCase() !== tag.toLowerCase());
  const isLatest = latest?.version === version;
  const [next] = others;
  if (next === undefined && isLatest) {
    await gateway.unload(name);
    return registry.remove(name);
  }
  if (tag === DEFAULT_ALIAS)
    throw new ClusterError('in_use', phrase('latest_goes_last', { name, tags: others.map(({ alias }) => alias).join(', ') }), {
      param: 'model',
    });
  const isShared = others.some((other) => other.version === version);
  if (!isShared) await gateway.unload(`${name}:${tag}`);
  await catalog.removeAlias(name, tag, actor);
  if (isShared) return;
  if (isLatest && next !== undefined) await catalog.putAlias(name, DEFAULT_ALIAS, { version: next.version }, actor);
  await catalog.removeVersion({ name, version });
}
