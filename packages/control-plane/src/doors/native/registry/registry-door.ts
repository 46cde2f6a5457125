import { ClusterError } from '@cluster-ai/contracts';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { renderProblem } from '../problem.ts';
import { type NativeRoute, registerRoute } from '../route.ts';
import { aliasRoutes } from './alias-routes.ts';
import { garbageRoutes } from './garbage-routes.ts';
import { modelRoutes } from './model-routes.ts';
import { publishRoutes } from './publish-routes.ts';
import type { RegistryDoorDependencies } from './registry-door-dependencies.ts';
import { servingRoutes } from './serving-routes.ts';
import { uploadRoutes } from './upload-routes.ts';
import { versionRoutes } from './version-routes.ts';

/** All routes of the registry, below wherever it is: `/models…`, `/uploads…` and `/garbage…`. */
export function registryRoutes(dependencies: RegistryDoorDependencies): readonly NativeRoute[] {
  return [
    ...modelRoutes(dependencies),
    ...publishRoutes(dependencies),
    ...versionRoutes(dependencies),
    ...aliasRoutes(dependencies),
    ...servingRoutes(dependencies),
    ...uploadRoutes(dependencies),
    ...garbageRoutes(dependencies),
  ];
}

/** A body is read as what its route takes, and never guessed. Throws `unsupported_media_type`. */
function checkContentType({ headers, routeOptions }: FastifyRequest): void {
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const { takes = ['application/json'] } = routeOptions.config;
  if (type === '' || takes.includes(type)) return;
  throw new ClusterError('unsupported_media_type', `A body of the type "${type.slice(0, 80)}" is not taken here.`, {
    hint: `Send ${takes.join(' or ')}.`,
  });
}

/** The registry: at the root of its own port, and under `/api/v1/registry` of the main one. */
export function registryDoor(dependencies: RegistryDoorDependencies): FastifyPluginAsync {
  return async (app) => {
    app.setErrorHandler(renderProblem);
    app.addHook('preParsing', async (request) => checkContentType(request));
    // bytes are read by whoever takes them, as they come
    for (const type of ['multipart/form-data', 'application/octet-stream'])
      app.addContentTypeParser(type, (_request, _payload, done) => done(null, undefined));
    for (const route of registryRoutes(dependencies)) registerRoute(app, route);
  };
}
