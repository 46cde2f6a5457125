import { createInvitationShape, invitationShape, nodeListShape, nodeShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { callerOf } from '../../access/caller.ts';
import { toShownNode } from '../../access/what-is-shown.ts';
import type { NativeDependencies } from './native-door.ts';
import { type NativeRoute, route } from './route.ts';

const tag = 'nodes';
const byId = z.object({ id: z.string().min(1).max(100) });

export function nodeRoutes({ nodes }: NativeDependencies): readonly NativeRoute[] {
  return [
    route({
      method: 'GET',
      path: '/nodes',
      permission: 'nodes:read',
      tag,
      summary: 'All machines of the cluster',
      answer: nodeListShape,
      handle: async ({ request }) => ({ nodes: nodes.list().map((node) => toShownNode(callerOf(request), node)) }),
    }),
    route({
      method: 'GET',
      path: '/nodes/{id}',
      permission: 'nodes:read',
      tag,
      summary: 'One machine',
      params: byId,
      answer: nodeShape,
      handle: async ({ params, request }) => toShownNode(callerOf(request), nodes.get(params.id)),
    }),
    route({
      method: 'POST',
      path: '/nodes/{id}/approve',
      permission: 'nodes:write',
      tag,
      summary: 'Let a machine work that joined and waits for approval',
      params: byId,
      answer: nodeShape,
      handle: async ({ params, request }) => toShownNode(callerOf(request), await nodes.approve(params.id)),
    }),
    route({
      method: 'DELETE',
      path: '/nodes/{id}',
      permission: 'nodes:write',
      tag,
      summary: 'Forget a machine; its certificate is refused from then on',
      params: byId,
      answer: undefined,
      handle: async ({ params }) => nodes.remove(params.id),
    }),
    route({
      method: 'POST',
      path: '/nodes/invitations',
      permission: 'nodes:write',
      tag,
      summary: 'A one-use token for another machine, and the line to run there',
      body: createInvitationShape,
      answer: invitationShape,
      status: 201,
      handle: async ({ body }) =>
        nodes.invite({
          name: body.name,
          ttlSeconds: body.ttlSeconds,
          ...(body.listenHost === undefined ? {} : { listenHost: body.listenHost }),
        }),
    }),
  ];
}
