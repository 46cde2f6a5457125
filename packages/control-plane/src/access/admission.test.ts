import { ClusterError, type Permission, permissions, roles } from '@cluster-ai/contracts';
import { describe, expect, test } from 'vitest';
import { type AdmissionRequest, createAdmission } from './admission.ts';
import type { Caller } from './caller.ts';
import { permissionsOf } from './roles.ts';

const person = (name: string, role: Caller['role']): Caller => ({
  kind: 'person',
  id: name,
  ownerId: name,
  name,
  role,
  permissions: role === null ? new Set() : permissionsOf(role),
  models: undefined,
});
const here = (headers: AdmissionRequest['headers'] = {}): AdmissionRequest => ({
  method: 'GET',
  headers,
  isSecure: false,
  remoteAddress: '127.0.0.1',
});
const few: ReadonlySet<Permission> = new Set<Permission>(['inference:use', 'models:read']);

function open({ local = few }: { local?: ReadonlySet<Permission> | 'off' } = {}) {
  return createAdmission({
    keys: {
      authenticate(text) {
        if (text === 'cai_sk_good') return { ...person('app', 'developer'), kind: 'key' };
        throw new ClusterError('unauthorized', 'The key is not one of this cluster.');
      },
    },
    sessions: {
      csrfTokenOf: () => 'proof',
      find: (text) => (text === 'ended' ? 'ended' : roles.map((role) => person(role, role)).find(({ name }) => name === text)),
    },
    host: { find: (text) => (text === 'cai_host_good' ? { ...person('host', 'admin'), kind: 'host' } : undefined) },
    local: { permissions: () => (local === 'off' ? undefined : local) },
  });
}

describe('who sends nothing', () => {
  test('may do what this machine may do', () => {
    expect(open().admit(here(), 'inference:use')).toMatchObject({ kind: 'local', role: null });
  });

  test('may do nothing else, and is told how', () => {
    expect(() => open().admit(here(), 'models:write')).toThrow(
      expect.objectContaining({ code: 'forbidden', details: { permission: 'models:write', role: 'operator', isVisitor: true } }),
    );
  });

  test('may do nothing where the rule is off', () => {
    expect(() => open({ local: 'off' }).admit(here(), 'inference:use')).toThrow(expect.objectContaining({ code: 'unauthorized' }));
  });

  test.each(['10.0.0.7', '::ffff:10.0.0.7', '127.0.0.1.evil', '', undefined])('may do nothing from %s', (remoteAddress) => {
    expect(() => open().admit({ ...here(), remoteAddress }, 'inference:use')).toThrow(expect.objectContaining({ code: 'unauthorized' }));
  });

  test.each(['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'])(
    'attack 49: may do nothing through a proxy that says so by %s',
    (name) => {
      expect(() => open().admit(here({ [name]: '127.0.0.1' }), 'inference:use')).toThrow(expect.objectContaining({ code: 'unauthorized' }));
    },
  );
});

describe('who sends a key', () => {
  test('is who the key is for, wherever he comes from', () => {
    const request = { ...here({ authorization: 'Bearer cai_sk_good' }), remoteAddress: '10.0.0.7' };
    expect(open().admit(request, 'inference:use')).toMatchObject({ kind: 'key', name: 'app' });
  });

  test('that is wrong is refused, also where none would be needed', () => {
    expect(() => open().admit(here({ authorization: 'Bearer cai_sk_bad' }), 'inference:use')).toThrow(
      expect.objectContaining({ code: 'unauthorized' }),
    );
  });

  test('that never was one of ours counts as none: other systems want some text there', () => {
    expect(open().admit(here({ authorization: 'Bearer ollama' }), 'inference:use')).toMatchObject({ kind: 'local' });
    expect(() => open({ local: 'off' }).admit(here({ authorization: 'Bearer ollama' }), 'inference:use')).toThrow(
      expect.objectContaining({ code: 'unauthorized' }),
    );
  });

  test('without the right is refused, and told which one and who has it', () => {
    expect(() => open().admit(here({ authorization: 'Bearer cai_sk_good' }), 'nodes:write')).toThrow(
      expect.objectContaining({ code: 'forbidden', details: { permission: 'nodes:write', role: 'operator' } }),
    );
  });
});

test('attack 33: who comes by cookie changes something only with the proof that a page of ours sent it', () => {
  const change = (headers: AdmissionRequest['headers']) =>
    open().admit({ ...here({ cookie: 'cai_session=admin', ...headers }), method: 'DELETE' }, 'nodes:write');
  for (const headers of [{}, { 'x-csrf-token': 'guess' }, { 'x-csrf-token': 'proof', 'sec-fetch-site': 'same-site' }])
    expect(() => change(headers)).toThrow(expect.objectContaining({ code: 'origin_not_allowed' }));
  expect(change({ 'x-csrf-token': 'proof', 'sec-fetch-site': 'same-origin' })).toMatchObject({ kind: 'person', role: 'admin' });
});

test('a session that has ended says so', () => {
  expect(() => open().admit(here({ cookie: 'cai_session=ended' }), 'inference:use')).toThrow(
    expect.objectContaining({ code: 'session_ended' }),
  );
});

test('the owner of the machine is admin', () => {
  for (const permission of permissions)
    expect(open().admit(here({ authorization: 'Bearer cai_host_good' }), permission)).toMatchObject({ kind: 'host' });
});

describe.each(roles)('attack 1: the role %s', (role) => {
  test.each(permissions)('and %s: as the table says', (permission) => {
    const call = () => open({ local: 'off' }).admit(here({ cookie: `cai_session=${role}` }), permission);
    if (permissionsOf(role).has(permission)) expect(call()).toMatchObject({ role });
    else expect(call).toThrow(expect.objectContaining({ code: 'forbidden' }));
  });
});

test('each role may do what the one below it may', () => {
  const sets = roles.map(permissionsOf);
  for (const [i, set] of sets.entries()) for (const permission of sets[i + 1] ?? []) expect(set.has(permission)).toBe(true);
});

test.each(['__proto__', 'constructor', 'toString', ''])('the role %s has no rights', (role) => {
  expect(permissionsOf(role as never).size).toBe(0);
});
