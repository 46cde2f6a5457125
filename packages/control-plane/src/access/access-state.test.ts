import { expect, test } from 'vitest';
import { toAccessState } from './access-state.ts';
import { permissionsWithoutCredential } from './roles.ts';

const view = (people: number, more: Partial<Parameters<typeof toAccessState>[0]> = {}) =>
  toAccessState({ isLocalOn: true, people, permissions: permissionsWithoutCredential(people), ...more });

test('before anybody has a login, whoever uses the machine may do everything; then little; then nothing', () => {
  expect(view(0).anonymous).toMatchObject({ reason: 'nobody_has_a_login', permissions: expect.arrayContaining(['people:write']) });
  const { reason, permissions } = view(1).anonymous;
  expect([reason, permissions.includes('chats:write'), permissions.includes('people:write')]).toEqual(['one_person', true, false]);
  expect(view(2)).toEqual({ anonymous: { reason: 'several_people', permissions: [] }, people: 2 });
});

test('nothing without a credential is explained by the switch, or by who else can call', () => {
  expect(view(1, { isLocalOn: false, permissions: undefined }).anonymous.reason).toBe('switched_off');
  expect(view(1, { permissions: undefined }).anonymous.reason).toBe('reachable_from_elsewhere');
});
