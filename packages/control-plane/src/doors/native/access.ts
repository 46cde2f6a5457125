import { type AccessState, accessStateShape, keyUsageListShape, roleListShape, roles } from '@cluster-ai/contracts';
import { callerOf } from '../../access/caller.ts';
import type { KeyUsageCounter } from '../../access/key-usage.ts';
import type { ApiKeys } from '../../access/keys/api-keys.ts';
import { permissionsOf } from '../../access/roles.ts';
import { type NativeRoute, route } from './route.ts';

const tag = 'access';

export interface AccessRouteDependencies {
  readonly accessState: () => AccessState;
  readonly keys: Pick<ApiKeys, 'list'>;
  readonly keyUsage: Pick<KeyUsageCounter, 'list'>;
}

/** The rules themselves and what they let through, for reading. */
export function accessRoutes({ accessState, keys, keyUsage }: AccessRouteDependencies): readonly NativeRoute[] {
  return [
    route({
      method: 'GET',
      path: '/roles',
      permission: 'self:read',
      tag,
      summary: 'What each role may do',
      answer: roleListShape,
      handle: async () => ({ roles: roles.map((role) => ({ role, permissions: [...permissionsOf(role)] })) }),
    }),
    route({
      method: 'GET',
      path: '/access',
      permission: 'config:read',
      tag,
      summary: 'Who comes in without a credential, and why',
      answer: accessStateShape,
      handle: async () => accessState(),
    }),
    route({
      method: 'GET',
      path: '/keys/usage',
      permission: 'keys:read',
      tag,
      summary: 'What the caller’s keys have used since the cluster started; all of them for who manages people',
      answer: keyUsageListShape,
      handle: async ({ request }) => keyUsage.list(keys.list(callerOf(request)).map(({ id }) => id)),
    }),
  ];
}
