import { type Permission, permissions, type Role } from '@cluster-ai/contracts';

/*
 * Who may do what, as one table: no policy language, since four roles and some twenty permissions need none. Whose things they are (own keys, own chats) is
 * a second check, by name, where the thing is. Maps, since a plain object would know a role called `constructor`.
 */

const viewer = [
  'self:read',
  'self:write',
  'models:read',
  'nodes:read',
  'cluster:read',
  'metrics:read',
  'compute:read',
] as const satisfies Permission[];
const developer = [
  ...viewer,
  'inference:use',
  'chats:read',
  'chats:write',
  'keys:read',
  'keys:write',
  'tasks:read',
  'tasks:write',
  'tasks:code', // where `compute.code` names the role as well
] as const satisfies Permission[];
const operator = [
  ...developer,
  'models:write',
  'nodes:write',
  'config:read',
  'backups:write',
  'certificates:read',
  'audit:read',
  'compute:manage',
] as const satisfies Permission[];

const permissionsByRole: ReadonlyMap<Role, ReadonlySet<Permission>> = new Map<Role, ReadonlySet<Permission>>([
  ['viewer', new Set<Permission>(viewer)],
  ['developer', new Set<Permission>(developer)],
  ['operator', new Set<Permission>(operator)],
  ['admin', new Set<Permission>(permissions)],
]);

const nothing: ReadonlySet<Permission> = new Set();

export const permissionsOf = (role: Role): ReadonlySet<Permission> => permissionsByRole.get(role) ?? nothing;

/** What may be done without any credential while at most one person has a login: one person's machine stays easy to use. */
const localPermissions: ReadonlySet<Permission> = new Set<Permission>([
  'self:read',
  'inference:use',
  'models:read',
  'nodes:read',
  'cluster:read',
  'metrics:read',
  'chats:read',
  'chats:write',
]);

/** What somebody of this machine may do without a credential, by how many people have a login. */
export function permissionsWithoutCredential(people: number): ReadonlySet<Permission> | undefined {
  return people <= 1 ? localPermissions : undefined;
}

/** The least role that has a permission: whom to ask. */
export function leastRoleWith(permission: Permission): Role {
  const fromLeast: readonly Role[] = ['viewer', 'developer', 'operator', 'admin'];
  return fromLeast.find((role) => permissionsOf(role).has(permission)) ?? 'admin';
}
