import { type Permission, permissions } from '@cluster-ai/contracts';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a caller must be allowed to do to use the route. */
    permission?: Permission;
    /** Why a `public` route needs no right at all. */
    why?: string;
  }
}

export interface RouteRecord {
  readonly method: string;
  readonly path: string;
  readonly permission: Permission;
}

/**
 * Makes it impossible to forget: a route without a permission, or a public one without a reason, stops the start.
 * Must be called before any route is added. Returns the growing list of all routes.
 */
export function requirePermissions(app: FastifyInstance): readonly RouteRecord[] {
  const records: RouteRecord[] = [];
  app.addHook('onRoute', (route) => {
    const { permission, why } = route.config ?? {};
    const name = `${String(route.method)} ${route.url}`;
    if (permission === undefined || !permissions.includes(permission)) throw new Error(`The route ${name} declares no permission.`);
    if (permission === 'public' && !why) throw new Error(`The route ${name} is public and does not say why.`);
    for (const method of [route.method].flat()) records.push({ method, path: route.url, permission });
  });
  return records;
}
