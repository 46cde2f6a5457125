import {
  catalogDetailsShape,
  catalogPageShape,
  catalogSearchShape,
  copyModelShape,
  renameModelShape,
  updateCatalogModelShape,
} from '@cluster-ai/contracts';
import { describeAct, describeModel } from '../../../access/audit/act.ts';
import { callerOf } from '../../../access/caller.ts';
import { type NativeRoute, route } from '../route.ts';
import { byModel, checkGrant, type RegistryDoorDependencies, registryTag as tag } from './registry-door-dependencies.ts';

/** Models as a whole: found, shown, described, renamed, copied, removed. */
export function modelRoutes({ catalog, registry, gateway }: RegistryDoorDependencies): readonly NativeRoute[] {
  return [
    route({
      method: 'GET',
      path: '/models',
      permission: 'models:read',
      tag,
      summary: 'Models by text, facets and order, in pages',
      query: catalogSearchShape,
      answer: catalogPageShape,
      handle: async ({ query, request }) => catalog.search(query, callerOf(request)),
    }),
    route({
      method: 'GET',
      path: '/models/{name}',
      permission: 'models:read',
      tag,
      summary: 'One model, with its latest version and its aliases',
      params: byModel,
      answer: catalogDetailsShape,
      handle: async ({ params, request }) => {
        checkGrant(request, params.name);
        return catalog.get(params.name);
      },
    }),
    route({
      method: 'PATCH',
      path: '/models/{name}',
      permission: 'models:write',
      tag,
      summary: 'Describe a model',
      params: byModel,
      body: updateCatalogModelShape,
      answer: catalogDetailsShape,
      handle: async ({ params, body, request }) => {
        checkGrant(request, params.name);
        return catalog.update(params.name, body);
      },
    }),
    route({
      method: 'DELETE',
      path: '/models/{name}',
      permission: 'models:write',
      tag,
      summary: 'Unload and remove a model with all its versions',
      params: byModel,
      answer: undefined,
      handle: async ({ params, request }) => {
        checkGrant(request, params.name);
        const { latest } = await catalog.get(params.name);
        describeModel(params.name, latest.version);
        if (await registry.find(params.name)) await gateway.unload(params.name);
        await registry.remove(params.name, callerOf(request));
      },
    }),
    route({
      method: 'POST',
      path: '/models/{name}/rename',
      permission: 'models:write',
      tag,
      summary: 'Give a model another name',
      params: byModel,
      body: renameModelShape,
      answer: catalogDetailsShape,
      handle: async ({ params, body, request }) => {
        for (const name of [params.name, body.to]) checkGrant(request, name);
        describeAct({ details: { to: body.to } });
        return catalog.rename(params.name, body.to);
      },
    }),
    route({
      method: 'POST',
      path: '/models/{name}/copy',
      permission: 'models:write',
      tag,
      summary: 'The same bytes under another name as well',
      params: byModel,
      body: copyModelShape,
      answer: catalogDetailsShape,
      status: 201,
      handle: async ({ params, body, request }) => {
        for (const name of [params.name, body.to]) checkGrant(request, name);
        describeAct({ details: { to: body.to } });
        return catalog.copy(params.name, body.to, callerOf(request), body.version);
      },
    }),
  ];
}
