import { type AccessState, accessStateShape } from '@cluster-ai/contracts';
import { type NativeRoute, route } from './route.ts';

export interface AccessRouteDependencies {
  readonly accessState: () => AccessState;
}

/** Who comes in without a credential. */
export function accessRoutes({ accessState }: AccessRouteDependencies): readonly NativeRoute[] {
  return [
    route({
      method: 'GET',
      path: '/access',
      permission: 'config:read',
      tag: 'access',
      summary: 'Who comes in without a credential, and why',
      answer: accessStateShape,
      handle: async () => accessState(),
    }),
  ];
}
