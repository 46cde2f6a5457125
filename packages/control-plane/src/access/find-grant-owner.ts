import { ClusterError } from '@cluster-ai/contracts';
import { type LocalRule, type SessionLookup, toLocalCaller, withinOwner } from './admission.ts';
import type { Caller } from './caller.ts';
import { hostCaller } from './host-credential.ts';
import type { ApiKeys } from './keys/api-keys.ts';
import type { Directory } from './people/directory.ts';
import { toQuota } from './people/person-record.ts';
import { permissionsOf } from './roles.ts';
import type { GrantOwner } from './task-grants.ts';

export interface GrantOwnerDependencies {
  readonly keys: Pick<ApiKeys, 'callerOf'>;
  readonly directory: Pick<Directory, 'find'>;
  readonly sessions: Pick<SessionLookup, 'ownerOf'>;
  readonly local: LocalRule;
}

const gone = () => new ClusterError('unauthorized', 'Whoever handed the task in has no login any more.', { hint: 'Ask an admin.' });

/** Whoever began some work, with the rights that he has now and not those that he had then. */
export function createGrantOwners({ keys, directory, sessions, local }: GrantOwnerDependencies) {
  return ({ kind, id, ownerId }: GrantOwner): Caller => {
    if (kind === 'key') return withinOwner(keys.callerOf(id), sessions.ownerOf?.(ownerId));
    if (kind === 'host') return hostCaller;
    if (kind === 'local') return toLocalCaller(local.permissions() ?? new Set());
    const person = directory.find(id);
    if (person?.state !== 'active') throw gone();
    const { name, role, models } = person;
    return { kind: 'person', id, ownerId: id, name, role, permissions: permissionsOf(role), models, quotas: [toQuota(person)] };
  };
}
