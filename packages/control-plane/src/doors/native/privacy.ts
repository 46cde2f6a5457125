import { erasedPersonShape, personExportShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { callerOf } from '../../access/caller.ts';
import type { Privacy } from '../../access/privacy/privacy.ts';
import { type NativeRoute, route } from './route.ts';
import { sessionOf } from './sessions.ts';

const tag = 'people';
const byId = z.object({ id: z.string().min(1).max(100) });

export interface PrivacyRouteDependencies {
  readonly privacy: Pick<Privacy, 'exportPerson' | 'erase'>;
}

/** What the law gives people: to be told what is known of them, and to be forgotten. */
export function privacyRoutes({ privacy }: PrivacyRouteDependencies): readonly NativeRoute[] {
  return [
    route({
      method: 'POST', // reading somebody's chats is an act
      path: '/people/{id}/export',
      permission: 'people:write',
      tag,
      summary: 'Everything that is stored about a person',
      params: byId,
      answer: personExportShape,
      handle: async ({ params, request, reply }) => {
        void reply.header('cache-control', 'no-store');
        return privacy.exportPerson(params.id, callerOf(request));
      },
    }),
    route({
      method: 'POST',
      path: '/me/export',
      permission: 'self:write',
      tag,
      summary: 'Everything that is stored about you',
      answer: personExportShape,
      handle: async ({ request, reply }) => {
        void reply.header('cache-control', 'no-store');
        const caller = sessionOf(request);
        return privacy.exportPerson(caller.id, caller);
      },
    }),
    route({
      method: 'POST',
      path: '/people/{id}/erase',
      permission: 'people:write',
      tag,
      summary: 'Forget a person: login, credentials, chats, keys, and the name in the record of acts',
      params: byId,
      answer: erasedPersonShape,
      handle: async ({ params, request }) => privacy.erase(params.id, callerOf(request)),
    }),
  ];
}
