import { z } from 'zod';
import { permissionShape } from './access.ts';
import { roles } from './permissions.ts';

/** Shapes of the rules themselves and of what they let through: what each role may do, who comes in without a credential, what keys have used. */

export const roleRightsShape = z
  .object({ role: z.enum(roles), permissions: z.array(permissionShape).describe('All that the role has.') })
  .meta({ id: 'RoleRights' });
export type RoleRights = z.infer<typeof roleRightsShape>;
export const roleListShape = z.object({ roles: z.array(roleRightsShape).describe('From most to least.') }).meta({ id: 'RoleList' });

/**
 * Why whoever uses the control plane's own machine may do something without a credential, or why not: nobody has a login yet; one person
 * has one and only this machine can call; several have one; the configuration says no; somebody else can call too.
 */
export const anonymousReasons = ['nobody_has_a_login', 'one_person', 'several_people', 'switched_off', 'reachable_from_elsewhere'] as const;
export const accessStateShape = z
  .object({
    anonymous: z.object({
      reason: z.enum(anonymousReasons),
      permissions: z
        .array(permissionShape)
        .describe('What may be done from the control plane’s own machine without a credential; from elsewhere nothing.'),
    }),
    people: z.int().describe('How many have a login.'),
  })
  .meta({ id: 'AccessState' });
export type AccessState = z.infer<typeof accessStateShape>;

export const keyUsageShape = z
  .object({
    keyId: z.string(),
    requests: z.int().describe('That were let in.'),
    tokens: z.int().describe('Of prompts and answers together.'),
  })
  .meta({ id: 'KeyUsage' });
export type KeyUsage = z.infer<typeof keyUsageShape>;
export const keyUsageListShape = z
  .object({ since: z.iso.datetime().describe('When the counting began: at the last start of the cluster.'), usage: z.array(keyUsageShape) })
  .meta({ id: 'KeyUsageList' });
export type KeyUsageList = z.infer<typeof keyUsageListShape>;
