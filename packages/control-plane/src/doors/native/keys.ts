import {
  apiKeyListShape,
  apiKeyShape,
  ClusterError,
  createApiKeyShape,
  createdApiKeyShape,
  roleListShape,
  roles,
  usageReportShape,
} from '@cluster-ai/contracts';
import { z } from 'zod';
import { type Caller, callerOf } from '../../access/caller.ts';
import type { KeyHolder } from '../../access/keys/api-keys.ts';
import { permissionsOf } from '../../access/roles.ts';
import type { NativeDependencies } from './native-door.ts';
import { type NativeRoute, route } from './route.ts';

const tag = 'access';
const byId = z.object({ id: z.string().min(1).max(100) });

/** Whose the key will be, where somebody else was named. */
function findHolder({ access }: Pick<NativeDependencies, 'access'>, caller: Caller, owner: string | null): KeyHolder | undefined {
  if (owner === null) return undefined;
  if (caller.permissions.has('people:write')) return access.people.get(owner);
  throw new ClusterError('forbidden', 'Only who manages people makes keys for others.', { param: 'owner', hint: 'Ask an admin.' });
}

export function keyRoutes(dependencies: Pick<NativeDependencies, 'keys' | 'access' | 'quotas'>): readonly NativeRoute[] {
  const { keys, quotas } = dependencies;
  return [
    route({
      method: 'GET',
      path: '/keys',
      permission: 'keys:read',
      tag,
      summary: 'The caller’s keys; all of them for who manages people',
      answer: apiKeyListShape,
      handle: async ({ request }) => ({ keys: keys.list(callerOf(request)) }),
    }),
    route({
      method: 'POST',
      path: '/keys',
      permission: 'keys:write',
      tag,
      summary: 'A key for a program; it is told only now',
      body: createApiKeyShape,
      answer: createdApiKeyShape,
      status: 201,
      handle: async ({ request, body }) => {
        const caller = callerOf(request);
        return keys.create(caller, body, findHolder(dependencies, caller, body.owner));
      },
    }),
    route({
      method: 'DELETE',
      path: '/keys/{id}',
      permission: 'keys:write',
      tag,
      summary: 'Revoke a key; it is refused from now on',
      params: byId,
      answer: apiKeyShape,
      handle: async ({ request, params }) => keys.revoke(callerOf(request), params.id),
    }),
    route({
      method: 'GET',
      path: '/keys/{id}/usage',
      permission: 'keys:read',
      tag,
      summary: 'What a key has used, and how much of its limits that is',
      params: byId,
      answer: usageReportShape,
      handle: async ({ request, params }) => quotas.usageOf(keys.quotaOf(callerOf(request), params.id)),
    }),
    route({
      method: 'GET',
      path: '/roles',
      permission: 'self:read',
      tag,
      summary: 'Which role may do what',
      answer: roleListShape,
      handle: async () => ({ roles: roles.map((role) => ({ role, permissions: [...permissionsOf(role)] })) }),
    }),
  ];
}
