/** People, keys and the record of the made-up cluster. See fake-server.ts. */

import {
  type AccessState,
  type ApiKey,
  type AuditEntry,
  ClusterError,
  defaultConfig,
  limitNames,
  type Passkey,
  type Permission,
  type Person,
  type Profile,
  permissions,
  type Role,
  roles,
  type Session,
  type UsageReport,
} from '@cluster-ai/contracts';
import { certificates, secretsStatus } from './fake-secrets.ts';
import { ago, ahead } from './fake-times.ts';

const aPerson: Person = {
  id: 'person_ana',
  kind: 'person',
  models: null,
  limits: {},
  name: 'ana',
  displayName: 'Ana Souza',
  email: 'ana@casa.example',
  role: 'admin',
  state: 'active',
  hasPassword: true,
  hasTotp: true,
  createdAt: ago(90_000),
  lastSignInAt: ago(12),
};
const people: readonly Person[] = [
  aPerson,
  {
    ...aPerson,
    id: 'person_bia',
    name: 'bia',
    displayName: '',
    email: null,
    role: 'developer',
    hasTotp: false,
    lastSignInAt: ago(3000),
    models: ['qwen/*', 'starter'],
    limits: { requestsPerMinute: 60, tokensPerDay: 200_000, budgetTokens: 5_000_000 },
  },
  {
    ...aPerson,
    id: 'person_caio',
    name: 'caio.de.um.nome.bem.comprido@departamento.example',
    displayName: 'Caio de um Nome Bem Comprido Que Não Acaba Nunca',
    email: null,
    role: 'viewer',
    state: 'disabled',
    hasTotp: false,
  },
  {
    ...aPerson,
    id: 'person_duda',
    name: 'duda',
    displayName: 'Duda',
    email: null,
    role: 'operator',
    hasPassword: false,
    hasTotp: false,
    lastSignInAt: null,
  },
  {
    ...aPerson,
    id: 'person_bot',
    kind: 'service',
    name: 'report-bot',
    displayName: '',
    email: null,
    role: 'viewer',
    hasPassword: false,
    hasTotp: false,
    lastSignInAt: null,
  },
];

const aKey: ApiKey = {
  id: 'key_1',
  name: 'Open WebUI',
  prefix: 'cai_k7f29qxm',
  role: 'developer',
  scopes: ['inference:use', 'models:read'],
  models: null,
  limits: {},
  createdBy: 'person_ana',
  createdAt: ago(50_000),
  expiresAt: ahead(61),
  lastUsedAt: ago(0.2),
  revokedAt: null,
};
const keys: readonly ApiKey[] = [
  aKey,
  {
    ...aKey,
    id: 'key_2',
    name: 'ci',
    role: 'viewer',
    scopes: null,
    models: ['starter', 'team/*'],
    limits: { requestsPerMinute: 60, tokensPerDay: 100_000 },
    createdBy: 'person_bia',
    expiresAt: null,
    lastUsedAt: null,
  },
  { ...aKey, id: 'key_5', name: 'nightly', createdBy: 'person_bot', expiresAt: null },
  { ...aKey, id: 'key_3', name: 'old notebook', expiresAt: ago(4000), lastUsedAt: ago(9000) },
  { ...aKey, id: 'key_4', name: 'lost phone', revokedAt: ago(6000), lastUsedAt: ago(6100) },
];

const toUsage = ({ limits }: Pick<ApiKey, 'limits'>): UsageReport => ({
  minute: { requests: 3, tokens: 900 },
  day: { requests: 210, tokens: 84_031 },
  month: { requests: 4210, tokens: 1_284_031 },
  ever: { requests: 9001, tokens: 3_000_000 },
  limits: limitNames.flatMap((name) => {
    const limit = limits[name];
    return limit === undefined
      ? []
      : [{ name, limit, used: Math.round(limit * 0.84), resetsAt: name === 'budgetTokens' ? null : ahead(1) }];
  }),
  days: [],
});

const sessions: readonly Session[] = [
  {
    id: 's1',
    kind: 'browser',
    isCurrent: true,
    createdAt: ago(600),
    lastSeenAt: ago(0),
    expiresAt: ahead(7),
    address: '192.168.0.12',
    program: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  },
  {
    id: 's2',
    kind: 'browser',
    isCurrent: false,
    createdAt: ago(6000),
    lastSeenAt: ago(400),
    expiresAt: ahead(7),
    address: '192.168.0.31',
    program: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1',
  },
  {
    id: 's3',
    kind: 'tokens',
    isCurrent: false,
    createdAt: ago(90),
    lastSeenAt: ago(3),
    expiresAt: ahead(30),
    address: '10.0.0.4',
    program: 'report-bot/2.1 (nightly)',
  },
];
const passkeys: readonly Passkey[] = [
  { id: 'p1', name: 'Notebook', host: 'cluster.casa.example', createdAt: ago(9000), lastUsedAt: ago(700) },
];

const anEntry: AuditEntry = {
  sequence: 1287,
  at: ago(2),
  actor: { kind: 'person', id: 'person_ana', name: 'ana', role: 'admin' },
  address: '192.168.0.12',
  action: 'DELETE /api/v1/keys/:id',
  target: 'key_4',
  result: 'ok',
  details: { name: 'lost phone' },
  requestId: 'req-8f2c',
  count: 1,
  hash: '9b1f0c6a55d2e1f7c3a88b4b0d6e9f13a2c4e6f8091a2b3c4d5e6f708192a3b4',
};
const entries: readonly AuditEntry[] = [
  anEntry,
  {
    ...anEntry,
    sequence: 1286,
    at: ago(9),
    actor: { kind: 'anonymous', id: '', name: '', role: '' },
    address: '203.0.113.9',
    action: 'POST /api/v1/sessions',
    target: 'ana',
    result: 'denied',
    details: { code: 'credentials_invalid' },
    count: 1204,
  },
  {
    ...anEntry,
    sequence: 1285,
    at: ago(31),
    actor: { kind: 'system', id: '', name: '', role: '' },
    address: '',
    action: 'node.joined',
    target: 'n6',
    details: {},
  },
  {
    ...anEntry,
    sequence: 1284,
    at: ago(45),
    actor: { kind: 'key', id: 'key_2', name: 'ci', role: 'viewer' },
    action: 'DELETE /api/v1/models/:name',
    target: 'team/a-model-with-a-rather-long-name:q4_K_M',
    result: 'denied',
    details: { permission: 'models:write' },
  },
  {
    ...anEntry,
    sequence: 1283,
    at: ago(50),
    action: 'POST /api/v1/models',
    target: 'llama-70b',
    result: 'failed',
    details: { code: 'disk_full' },
  },
];

const viewerRights = ['self:read', 'self:write', 'models:read', 'nodes:read', 'cluster:read', 'metrics:read'] as const;
const rightsOf: Readonly<Record<Role, readonly Permission[]>> = {
  viewer: viewerRights,
  developer: [...viewerRights, 'inference:use', 'chats:read', 'chats:write', 'keys:read', 'keys:write'],
  operator: permissions.filter((permission) => !permission.startsWith('people:') && !permission.startsWith('secrets:')),
  admin: permissions,
};

const refuse = (permission: Permission, role: Role) =>
  new ClusterError('forbidden', `bia (viewer) may not do this: the right ${permission} is missing.`, {
    hint: `The role ${role} has it; an admin can give it.`,
    details: { permission, role },
  });

/** Who sits here: the word `viewer` among the arguments makes it somebody who may do little. */
const isViewer = process.argv.includes('viewer');
const me: Profile = {
  kind: 'person',
  id: 'person_ana',
  name: 'ana',
  role: isViewer ? 'viewer' : 'admin',
  permissions: isViewer ? [...rightsOf.viewer] : [...permissions],
  person: isViewer ? { ...aPerson, role: 'viewer', hasTotp: false } : aPerson,
  csrfToken: 't',
};
const accessState: AccessState = { anonymous: { reason: 'several_people', permissions: [] }, people: people.length };
const link = { token: 'one', path: '/ui/invitation#k7f29qxm4w8zr2tb6n3p5s7v9y', expiresAt: ahead(7), mailedTo: null };

/** The answers by their route; a route that is not here is somebody else's. */
const answers: Readonly<Record<string, () => unknown>> = {
  'GET me': () => me,
  'PATCH me': () => aPerson,
  'GET sessions': () => ({ sessions }),
  'GET me/passkeys': () => ({ passkeys }),
  'POST me/totp': () => new ClusterError('unsupported_feature', 'Codes need a key for secrets, which this cluster does not have yet.'),
  'GET roles': () => ({ roles: roles.map((role) => ({ role, permissions: rightsOf[role] })) }),
  'GET access': () => (isViewer ? refuse('config:read', 'operator') : accessState),
  'GET config': () => (isViewer ? refuse('config:read', 'operator') : defaultConfig()),
  'GET keys': () => (isViewer ? refuse('keys:read', 'developer') : { keys }),
  'GET keys/key_1/usage': () => toUsage(aKey),
  'GET keys/key_2/usage': () => toUsage(keys[1] ?? aKey),
  'GET keys/key_3/usage': () => toUsage(aKey),
  'GET keys/key_5/usage': () => toUsage(aKey),
  'GET keys/key_4/usage': () => toUsage(aKey),
  'POST keys': () => ({ ...aKey, name: 'made', key: 'cai_k7f29qxm_4w8zr2tb6n3p5s7v9y4w8zr2tb6n3p5s7v9y' }),
  'GET me/usage': () => toUsage(people[1] ?? aPerson),
  'POST me/export': () => ({ person: aPerson }),
  'GET secrets': () => (isViewer ? refuse('secrets:read', 'admin') : secretsStatus),
  'PUT secrets/mail': () => secretsStatus.secrets[1],
  'DELETE secrets/mail': () => null,
  'POST secrets/rotate': () => secretsStatus,
  'POST people/service-accounts': () => people.at(-1),
  'GET people': () => (isViewer ? refuse('people:read', 'admin') : { people }),
  'POST people/invitations': () => link,
  'POST passwords/forgotten': () => null,
  'GET certificates': () => (isViewer ? refuse('certificates:read', 'operator') : { certificates }),
  'POST certificates/renew': () => ({ certificates }),
  'GET audit': () => (isViewer ? refuse('audit:read', 'operator') : { entries, nextCursor: '1282' }),
  'POST audit/verify': () => ({
    isIntact: false,
    entries: 1287,
    firstSequence: 1,
    lastSequence: 1287,
    checkpoints: 12,
    problem: { sequence: 1284, kind: 'edited', message: 'Line 1284 does not fit to its hash.' },
  }),
};

/** Of one person or service account. */
function handlePerson(method: string, [, id, what]: readonly string[]): unknown {
  const person = people.find((one) => one.id === id);
  if (person === undefined) return undefined;
  const about: Readonly<Record<string, unknown>> = {
    GET: person,
    PATCH: person,
    DELETE: null,
    'GET usage': toUsage(person),
    'GET sessions': { sessions },
    'DELETE sessions': null,
    'POST reset-password': link,
    'POST export': { person },
    'POST erase': { id, chats: 12, keys: 2 },
  };
  return about[what === undefined ? method : `${method} ${what}`];
}

/** What the made-up cluster says about people, keys and the record; undefined for what it does not know of. */
export function handleAccess(method: string, parts: readonly string[]): ClusterError | { readonly value: unknown } | undefined {
  const answer = answers[`${method} ${parts.join('/')}`];
  const value = answer === undefined && parts[0] === 'people' ? handlePerson(method, parts) : answer?.();
  if (value === undefined) return undefined;
  return value instanceof ClusterError ? value : { value };
}
