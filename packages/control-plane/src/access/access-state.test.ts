import { expect, test } from 'vitest';
import { toAccessState } from './access-state.ts';
import { permissionsWithoutCredential } from './roles.ts';

const view = (people: number, more: Partial<Parameters<typeof toAccessState>[0]> = {}) =>
  toAccessState({ isLocalOn: true, people, permissions: permissionsWithoutCredential(people), ...more });

test('while at most one person has a login, this machine may chat and look around without a credential; then nothing', () => {
  for (const [people, reason] of [
    [0, 'nobody_has_a_login'],
    [1, 'one_person'],
  ] as const) {
    const { anonymous } = view(people);
    expect(anonymous.reason).toBe(reason);
    expect([anonymous.permissions.includes('chats:write'), anonymous.permissions.includes('people:write')]).toEqual([true, false]);
  }
  expect(view(2)).toEqual({ anonymous: { reason: 'several_people', permissions: [] }, people: 2 });
});

test('nothing without a credential is explained by the switch, or by who else can call', () => {
  expect(view(1, { isLocalOn: false, permissions: undefined }).anonymous.reason).toBe('switched_off');
  expect(view(1, { permissions: undefined }).anonymous.reason).toBe('reachable_from_elsewhere');
});
