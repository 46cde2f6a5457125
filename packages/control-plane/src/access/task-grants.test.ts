import { ClusterError } from '@cluster-ai/contracts';
import { expect, test } from 'vitest';
import type { Caller } from './caller.ts';
import { createGrantOwners } from './find-grant-owner.ts';
import type { PersonRecord } from './people/person-record.ts';
import { permissionsOf } from './roles.ts';
import { createTaskGrants } from './task-grants.ts';

const person = { id: 'person_1', name: 'ana', role: 'admin', state: 'active', models: ['lab/*'], limits: {} } as unknown as PersonRecord;
const key: Caller = {
  kind: 'key',
  id: 'key_1',
  ownerId: 'person_1',
  name: 'batch',
  role: 'developer',
  permissions: permissionsOf('developer'),
  models: ['lab/small'],
};

function open() {
  const state = { person: person as PersonRecord | undefined, isRevoked: false };
  const findOwner = createGrantOwners({
    keys: {
      callerOf: () => {
        if (state.isRevoked) throw new ClusterError('key_revoked', 'It was revoked.');
        return key;
      },
    },
    directory: { find: () => state.person },
    sessions: {
      ownerOf: () =>
        state.person
          ? {
              permissions: permissionsOf(state.person.role),
              models: state.person.models,
              quota: { subject: 'person_1', name: 'ana', limits: {} },
            }
          : 'nobody',
    },
    local: { permissions: () => undefined },
  });
  return { state, grants: createTaskGrants({ findOwner }) };
}

test('a token may ask models with what its owner may use, and change nothing, whatever its owner may', () => {
  const { grants } = open();
  const found = grants.find(grants.mint('task_1', { kind: 'person', id: 'person_1', ownerId: 'person_1' }));
  expect(found).toMatchObject({ kind: 'person', ownerId: 'person_1', models: ['lab/*'], quotas: [{ subject: 'person_1' }] });
  expect([...(found?.permissions ?? [])].sort()).toEqual(['inference:use', 'models:read', 'self:read']);
});

test('what its owner loses, it loses at once', () => {
  const { grants, state } = open();
  const ofPerson = grants.mint('task_1', { kind: 'person', id: 'person_1', ownerId: 'person_1' });
  const ofKey = grants.mint('task_2', { kind: 'key', id: 'key_1', ownerId: 'person_1' });
  expect(grants.find(ofKey)).toMatchObject({ id: 'key_1', models: ['lab/small'], ownerModels: ['lab/*'] });
  state.person = { ...person, role: 'viewer', models: [] };
  expect(grants.find(ofPerson)).toMatchObject({ models: [] });
  expect(grants.find(ofPerson)?.permissions.has('inference:use')).toBe(false);
  expect(grants.find(ofKey)?.permissions.has('inference:use')).toBe(false);
  state.isRevoked = true;
  expect(() => grants.find(ofKey)).toThrow('revoked');
  state.person = undefined;
  expect(() => grants.find(ofPerson)).toThrow('no login');
});

test('it ends with its task, and another one of the same task ends it', () => {
  const { grants } = open();
  const owner = { kind: 'person', id: 'person_1', ownerId: 'person_1' };
  const first = grants.mint('task_1', owner);
  const second = grants.mint('task_1', owner);
  expect(() => grants.find(first)).toThrow('has ended');
  grants.end('task_1');
  expect(() => grants.find(second)).toThrow('has ended');
  expect(grants.find('cai_other')).toBeUndefined();
});
