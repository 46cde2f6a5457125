import { z } from 'zod';
import { permissionShape } from './access.ts';

/** Shapes of who comes in without a credential. */

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
