import { apiKeyListShape, apiKeyShape, createApiKeyShape, createdApiKeyShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { callerOf } from '../../access/caller.ts';
import type { NativeDependencies } from './native-door.ts';
import { type NativeRoute, route } from './route.ts';

const tag = 'access';
const byId = z.object({ id: z.string().min(1).max(100) });

export function keyRoutes({ keys }: NativeDependencies): readonly NativeRoute[] {
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
      handle: async ({ request, body }) => keys.create(callerOf(request), body),
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
  ];
}
