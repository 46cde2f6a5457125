import type { AccessState, Permission } from '@cluster-ai/contracts';

export interface AccessStateView {
  readonly isLocalOn: boolean;
  readonly people: number;
  /** What admission gives to whoever uses this machine without a credential, now; undefined for nothing. */
  readonly permissions: ReadonlySet<Permission> | undefined;
}

function toReason({ isLocalOn, people, permissions }: AccessStateView): AccessState['anonymous']['reason'] {
  if (!isLocalOn) return 'switched_off';
  if (people > 1) return 'several_people';
  if (permissions === undefined) return 'reachable_from_elsewhere';
  return people === 0 ? 'nobody_has_a_login' : 'one_person';
}

/** Who comes in without a credential, and why. Says what admission does; decides nothing. */
export const toAccessState = (view: AccessStateView): AccessState => ({
  anonymous: { reason: toReason(view), permissions: [...(view.permissions ?? [])] },
  people: view.people,
});
