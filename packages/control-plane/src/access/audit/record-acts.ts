import type { Permission } from '@cluster-ai/contracts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { callerOf } from '../caller.ts';
import type { Act } from './act.ts';
import type { Acts } from './acts.ts';

const readingMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether using a route changes something. Inference is counted elsewhere; what only reads may still be a POST (`audit:read` verifies). */
export const isAct = (method: string, permission: Permission | undefined): boolean =>
  !readingMethods.has(method) &&
  permission !== undefined &&
  permission !== 'public' &&
  permission !== 'inference:use' &&
  !permission.endsWith(':read');

/** A request as an act: of what was sent only the parts of the address, never the query or the body. */
export function toAct(request: FastifyRequest): Act {
  const { kind, id, name, role } = callerOf(request);
  const target = Object.values((request.params ?? {}) as Record<string, string>).join(' ');
  return {
    actor: { kind, id, name, role: role ?? '' },
    address: request.socket.remoteAddress ?? '',
    action: `${request.method} ${request.routeOptions.url ?? ''}`,
    requestId: request.id,
    target,
  };
}

/** Makes each route that changes something an act. Must be called before any route is added. */
export function recordActs(app: FastifyInstance, acts: Acts): void {
  app.addHook('onRoute', (route) => {
    const permission = route.config?.permission;
    if (![route.method].flat().some((method) => isAct(method, permission))) return;
    const { handler } = route;
    route.handler = function (request, reply) {
      return acts.run(toAct(request), async () => handler.call(this, request, reply));
    };
  });
}
