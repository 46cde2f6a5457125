/**
 * What a route may ask for, as `resource:verb`. Every route of every listener names exactly one;
 * `public` is for what must answer before anybody has signed in, and says why in the route.
 */
export const permissions = [
  'public',
  'self:read',
  'self:write',
  'inference:use',
  'models:read',
  'models:write',
  'nodes:read',
  'nodes:write',
  'cluster:read',
  'metrics:read',
  'config:read',
  'chats:read',
  'chats:write',
  'backups:write',
  'people:read',
  'people:write',
  'keys:read',
  'keys:write',
  'audit:read',
  'secrets:read',
  'secrets:write',
  'certificates:read',
  'certificates:write',
  'models:protect',
  'tasks:read',
  'tasks:write',
  'tasks:code',
  'compute:read',
  'compute:manage',
  'compute:connect',
] as const;
export type Permission = (typeof permissions)[number];

/** From most to least. The older documents call a developer `data_scientist`; that name is taken wherever a role is read. */
export const roles = ['admin', 'operator', 'developer', 'viewer'] as const;
export type Role = (typeof roles)[number];
