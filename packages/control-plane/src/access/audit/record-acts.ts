import { type ClusterError, isClusterError, type Permission } from '@cluster-ai/contracts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { whoWasRefused } from '../admission.ts';
import { type Caller, callerOf } from '../caller.ts';
import type { Act, Actor } from './act.ts';
import { type Acts, isDenial } from './acts.ts';
import type { DeniedAttempt } from './denials.ts';

const readingMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether using a route changes something. Inference is counted elsewhere; what only reads may still be a POST (`audit:read` verifies). */
export const isAct = (method: string, permission: Permission | undefined): boolean =>
  !readingMethods.has(method) &&
  permission !== undefined &&
  permission !== 'public' &&
  permission !== 'inference:use' &&
  !permission.endsWith(':read');

export const toActor = ({ kind, id, name, role }: Caller): Actor => ({ kind, id, name, role: role ?? '' });

const toPlace = (request: FastifyRequest) => ({
  address: request.ip,
  action: `${request.method} ${request.routeOptions.url ?? 'unknown'}`,
  requestId: request.id,
});

/** A request as an act: of what was sent only the parts of the address, never the query or the body. */
export function toAct(request: FastifyRequest): Act {
  const target = Object.values((request.params ?? {}) as Record<string, string>).join(' ');
  return { ...toPlace(request), actor: toActor(callerOf(request)), target };
}

/** What kept a request out, if it was that it may not come in. */
export function toDenial(request: FastifyRequest, error: unknown): DeniedAttempt | undefined {
  if (!isClusterError(error) || !isDenial(error)) return undefined;
  const caller = whoWasRefused(error);
  return { ...toPlace(request), code: error.code, ...(caller === undefined ? {} : { actor: toActor(caller) }) };
}

/** A request that came too soon after too many others. */
export function toHastyAttempt(request: FastifyRequest, { code }: ClusterError): DeniedAttempt {
  return { ...toPlace(request), code, ...(request.caller === undefined ? {} : { actor: toActor(request.caller) }) };
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
