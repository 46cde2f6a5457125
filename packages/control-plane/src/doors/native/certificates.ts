import { certificateAuthorityShape, certificateListShape } from '@cluster-ai/contracts';
import type { NativeDependencies } from './native-door.ts';
import { type NativeRoute, route } from './route.ts';

const tag = 'certificates';

export function certificateRoutes({ certificates }: NativeDependencies): readonly NativeRoute[] {
  const list = async () => ({ certificates: [...certificates.list()] });
  return [
    route({
      method: 'GET',
      path: '/certificates',
      permission: 'certificates:read',
      tag,
      summary: 'The certificates of the cluster’s authority, its listeners and its nodes',
      answer: certificateListShape,
      handle: list,
    }),
    route({
      method: 'POST',
      path: '/certificates/renew',
      permission: 'certificates:write',
      tag,
      summary: 'Renew what the listeners show, now; nodes renew theirs by themselves',
      answer: certificateListShape,
      handle: async () => {
        await certificates.renew();
        return list();
      },
    }),
    route({
      method: 'GET',
      path: '/certificates/authority',
      permission: 'public',
      why: 'A client needs it before it can trust anything here; it is shown in every handshake anyway, and says nothing of the cluster but its id.',
      tag,
      summary: 'The certificate of the cluster’s own authority',
      answer: certificateAuthorityShape,
      handle: async () => certificates.authority,
    }),
  ];
}
