import { ClusterError, loadedModelShape, loadFromRegistryShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { callerOf } from '../../../access/caller.ts';
import { serveBlob } from '../../../registry/blob-urls/serve-blob.ts';
import type { ResolvedModel } from '../../../registry/registry.ts';
import { type NativeRoute, route } from '../route.ts';
import { byFile, byModel, checkGrant, type RegistryDoorDependencies, registryTag as tag } from './registry-door-dependencies.ts';

/** Models leave the registry: as bytes, or as a copy that answers. */
export function servingRoutes({ catalog, registry, blobParts, gateway, nodes }: RegistryDoorDependencies): readonly NativeRoute[] {
  const replicasOf = ({ file }: ResolvedModel) =>
    nodes
      .list()
      .flatMap((node) =>
        node.replicas.filter(({ digest }) => digest === file.digest).map((replica) => ({ ...replica, node: node.name, nodeId: node.id })),
      );

  return [
    route({
      method: 'GET',
      path: '/models/{name}/versions/{version}/files/{path}',
      permission: 'models:read',
      tag,
      summary: 'The bytes of a file; a Range continues a download',
      params: byFile,
      answer: z.string().meta({ format: 'binary' }),
      mediaTypes: ['application/octet-stream'],
      handle: async ({ params, request, reply }) => {
        checkGrant(request, params.name);
        const { files } = await catalog.version(params);
        const file = files.find(({ path }) => path === params.path);
        if (!file)
          throw new ClusterError('file_not_found', `This version has no file "${params.path.slice(0, 120)}".`, {
            hint: `It has: ${files
              .slice(0, 10)
              .map(({ path }) => path)
              .join(', ')}.`,
          });
        return serveBlob(request, reply, await blobParts.findBlob(file.digest), { fileName: file.path });
      },
    }),
    route({
      method: 'POST',
      path: '/models/{name}/load',
      permission: 'inference:use',
      tag,
      summary: 'Make a model ready on a node, and say where it is',
      params: byModel,
      body: loadFromRegistryShape,
      answer: loadedModelShape,
      handle: async ({ params, body, request, signal }) => {
        checkGrant(request, params.name);
        const caller = callerOf(request);
        const reference = body.version === undefined ? params.name : `${params.name}:${body.version}`;
        const model = await registry.resolve(reference, caller);
        const options = {
          engineOptions: body.options,
          caller,
          ...(body.keepAliveSeconds === undefined ? {} : { keepAliveSeconds: body.keepAliveSeconds }),
        };
        if (body.wait) await gateway.load(reference, { ...options, signal });
        else gateway.load(reference, { ...options, signal: new AbortController().signal }).catch(() => {}); // its condition tells how it ended
        return { name: model.name, version: model.version.version, condition: gateway.conditionOf(model), replicas: replicasOf(model) };
      },
    }),
  ];
}
