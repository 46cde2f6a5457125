/**
 * What a route may ask for, as `resource:verb`. Every route of every listener names exactly one;
 * `public` is for what must answer before anybody has signed in, and says why in the route.
 */
export const permissions = [
  'public',
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
] as const;
export type Permission = (typeof permissions)[number];
