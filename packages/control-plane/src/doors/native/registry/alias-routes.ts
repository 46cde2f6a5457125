import { aliasHistoryShape, aliasListShape, aliasNameShape, catalogAliasShape, putAliasShape } from '@cluster-ai/contracts';
import { describeAct } from '../../../access/audit/act.ts';
import { callerOf } from '../../../access/caller.ts';
import { type NativeRoute, route } from '../route.ts';
import { byAlias, byModel, checkGrant, type RegistryDoorDependencies, registryTag as tag } from './registry-door-dependencies.ts';

const byNewAlias = byAlias.extend({ alias: aliasNameShape });

/** Aliases: where they point, where they pointed, and back. */
export function aliasRoutes({ catalog }: RegistryDoorDependencies): readonly NativeRoute[] {
  return [
    route({
      method: 'GET',
      path: '/models/{name}/aliases',
      permission: 'models:read',
      tag,
      summary: 'Aliases of a model',
      params: byModel,
      answer: aliasListShape,
      handle: async ({ params, request }) => {
        checkGrant(request, params.name);
        return { aliases: await catalog.aliases(params.name) };
      },
    }),
    route({
      method: 'PUT',
      path: '/models/{name}/aliases/{alias}',
      permission: 'models:write',
      tag,
      summary: 'Point an alias to a version; a protected one needs models:protect as well',
      params: byNewAlias,
      body: putAliasShape,
      answer: catalogAliasShape,
      handle: async ({ params, body, request }) => {
        checkGrant(request, params.name);
        describeAct({ details: { version: body.version } });
        return catalog.putAlias(params.name, params.alias, body, callerOf(request));
      },
    }),
    route({
      method: 'DELETE',
      path: '/models/{name}/aliases/{alias}',
      permission: 'models:write',
      tag,
      summary: 'Remove an alias',
      params: byAlias,
      answer: undefined,
      handle: async ({ params, request }) => {
        checkGrant(request, params.name);
        await catalog.removeAlias(params.name, params.alias, callerOf(request));
      },
    }),
    route({
      method: 'GET',
      path: '/models/{name}/aliases/{alias}/history',
      permission: 'models:read',
      tag,
      summary: 'Where an alias pointed, newest move first',
      params: byAlias,
      answer: aliasHistoryShape,
      handle: async ({ params, request }) => {
        checkGrant(request, params.name);
        return { moves: await catalog.aliasHistory(params.name, params.alias) };
      },
    }),
    route({
      method: 'POST',
      path: '/models/{name}/aliases/{alias}/rollback',
      permission: 'models:write',
      tag,
      summary: 'Point an alias to where it pointed before; once more undoes that',
      params: byAlias,
      answer: catalogAliasShape,
      handle: async ({ params, request }) => {
        checkGrant(request, params.name);
        return catalog.rollback(params.name, params.alias, callerOf(request));
      },
    }),
  ];
}
