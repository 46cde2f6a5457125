import {
  allowVersionShape,
  catalogVersionShape,
  modelFileShape,
  pageQueryShape,
  tagsShape,
  versionDiffShape,
  versionPageShape,
} from '@cluster-ai/contracts';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { describeAct, describeModel } from '../../../access/audit/act.ts';
import { type NativeRoute, route } from '../route.ts';
import { byModel, byVersion, checkGrant, type RegistryDoorDependencies, registryTag as tag } from './registry-door-dependencies.ts';

const twoVersions = z.object({ from: byVersion.shape.version, to: byVersion.shape.version.default('latest') });

/** Versions: immutable but for their tags. */
export function versionRoutes({ catalog }: RegistryDoorDependencies): readonly NativeRoute[] {
  async function allow(request: FastifyRequest, choice: z.infer<typeof byVersion>, reason: string | undefined) {
    checkGrant(request, choice.name);
    const { version } = await catalog.version(choice);
    describeAct({ details: { version, ...(reason === undefined ? {} : { reason }) } });
    return catalog.allow({ name: choice.name, version }, reason);
  }
  return [
    route({
      method: 'GET',
      path: '/models/{name}/versions',
      permission: 'models:read',
      tag,
      summary: 'Versions, newest first, in pages',
      params: byModel,
      query: pageQueryShape,
      answer: versionPageShape,
      handle: async ({ params, query, request }) => {
        checkGrant(request, params.name);
        return catalog.versions(params.name, query);
      },
    }),
    route({
      method: 'GET',
      path: '/models/{name}/versions/{version}',
      permission: 'models:read',
      tag,
      summary: 'One version, by number, semantic version or alias',
      params: byVersion,
      answer: catalogVersionShape,
      handle: async ({ params, request }) => {
        checkGrant(request, params.name);
        return catalog.version(params);
      },
    }),
    route({
      method: 'PATCH',
      path: '/models/{name}/versions/{version}',
      permission: 'models:write',
      tag,
      summary: 'Replace the tags of a version',
      params: byVersion,
      body: z.strictObject({ tags: tagsShape }),
      answer: catalogVersionShape,
      handle: async ({ params, body, request }) => {
        checkGrant(request, params.name);
        return catalog.setTags(params, body.tags);
      },
    }),
    route({
      method: 'PUT',
      path: '/models/{name}/versions/{version}/allowed',
      permission: 'models:protect',
      tag,
      summary: 'Let a version be used although something in it is suspicious; what is dangerous stays refused',
      params: byVersion,
      body: allowVersionShape,
      answer: catalogVersionShape,
      handle: async ({ params, body, request }) => allow(request, params, body.reason),
    }),
    route({
      method: 'DELETE',
      path: '/models/{name}/versions/{version}/allowed',
      permission: 'models:protect',
      tag,
      summary: 'Take that back',
      params: byVersion,
      answer: catalogVersionShape,
      handle: async ({ params, request }) => allow(request, params, undefined),
    }),
    route({
      method: 'DELETE',
      path: '/models/{name}/versions/{version}',
      permission: 'models:write',
      tag,
      summary: 'Remove a version that nothing uses',
      params: byVersion,
      answer: undefined,
      handle: async ({ params, request }) => {
        checkGrant(request, params.name);
        const { version } = await catalog.version(params);
        describeModel(params.name, version);
        await catalog.removeVersion({ name: params.name, version });
      },
    }),
    route({
      method: 'GET',
      path: '/models/{name}/diff',
      permission: 'models:read',
      tag,
      summary: 'What changed from one version to another',
      params: byModel,
      query: twoVersions,
      answer: versionDiffShape,
      handle: async ({ params, query, request }) => {
        checkGrant(request, params.name);
        return catalog.diff(params.name, query.from, query.to);
      },
    }),
    route({
      method: 'GET',
      path: '/models/{name}/versions/{version}/files',
      permission: 'models:read',
      tag,
      summary: 'The files of a version',
      params: byVersion,
      answer: z.object({ files: z.array(modelFileShape) }),
      handle: async ({ params, request }) => {
        checkGrant(request, params.name);
        return { files: (await catalog.version(params)).files };
      },
    }),
  ];
}
