import type { Admission } from '../admission.ts';
import { permissionsOf } from '../roles.ts';

/** For tests of what lies behind admission. */
export const admitEverybody: Pick<Admission, 'admit'> = {
  admit: () => ({
    kind: 'host',
    id: 'host',
    ownerId: 'local',
    name: 'a test',
    role: 'admin',
    permissions: permissionsOf('admin'),
    models: undefined,
  }),
};
