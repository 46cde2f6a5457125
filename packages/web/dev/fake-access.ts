/** People, keys and the record of the made-up cluster. See fake-server.ts. */

import {
  type AccessState,
  type ApiKey,
  type AuditEntry,
  type Certificate,
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
  toCondition,
  type UsageReport,
} from '@cluster-ai/contracts';

const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
const ahead = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();

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
  { ...aPerson, id: 'person_bia', name: 'bia', displayName: '', email: null, role: 'developer', hasTotp: false, lastSignInAt: ago(3000) },
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
  { ...aKey, id: 'key_3', name: 'old notebook', expiresAt: ago(4000), lastUsedAt: ago(9000) },
  { ...aKey, id: 'key_4', name: 'lost phone', revokedAt: ago(6000), lastUsedAt: ago(6100) },
];

const toUsage = ({ limits }: ApiKey): UsageReport => ({
  minute: { requests: 3, tokens: 900 },
  day: { requests: 210, tokens: 84_031 },
  month: { requests: 4210, tokens: 1_284_031 },
  ever: { requests: 9001, tokens: 3_000_000 },
  limits: limitNames.flatMap((name) => {
    const limit = limits[name];
    return limit === undefined ? [] : [{ name, limit, used: Math.round(limit * 0.84), resetsAt: ahead(1) }];
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

const aCertificate: Certificate = {
  purpose: 'authority',
  source: 'internal',
  owner: 'Casa-Cluster',
  nodeId: null,
  subject: 'CN=Casa-Cluster',
  names: [],
  serial: '01',
  validFrom: ago(90_000),
  expiresAt: ahead(3600),
  fingerprint: 'k7f29qxm4w8zr2tb6n3p5s7v9yk7f29qxm4w8zr2tb6',
  condition: toCondition('ready', 'certificate_valid', Date.now()),
};
const certificates: readonly Certificate[] = [
  aCertificate,
  {
    ...aCertificate,
    purpose: 'listener',
    source: 'acme',
    owner: 'main, ollama',
    names: ['cluster.casa.example', '192.168.0.10'],
    serial: '02',
    expiresAt: ahead(5),
    condition: toCondition('degraded', 'certificate_ends_soon', Date.now()),
  },
  { ...aCertificate, purpose: 'node', owner: 'desk', nodeId: 'n1', serial: '03', validFrom: null, expiresAt: ahead(0.8), fingerprint: '' },
  {
    ...aCertificate,
    purpose: 'node',
    owner: 'raspberry-pi-in-the-kitchen',
    nodeId: 'n4',
    serial: '04',
    validFrom: null,
    expiresAt: ago(90),
    fingerprint: '',
    condition: toCondition('failed', 'certificate_expired', Date.now()),
  },
];

const refuse = (permission: Permission, role: Role) =>
  new ClusterError('forbidden', `bia (viewer) may not do this: the right ${permission} is missing.`, {
    hint: `The role ${role} has it; an admin can give it.`,
    details: { permission, role },
  });

const viewerRights: readonly Permission[] = ['self:read', 'self:write', 'models:read', 'nodes:read', 'cluster:read', 'metrics:read'];
/** Who sits here: the word `viewer` among the arguments makes it somebody who may do little. */
const isViewer = process.argv.includes('viewer');
const me: Profile = {
  kind: 'person',
  id: 'person_ana',
  name: 'ana',
  role: isViewer ? 'viewer' : 'admin',
  permissions: isViewer ? [...viewerRights] : [...permissions],
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
  'GET roles': () => ({ roles: roles.map((role) => ({ role, permissions: role === 'viewer' ? viewerRights : permissions })) }),
  'GET access': () => (isViewer ? refuse('config:read', 'operator') : accessState),
  'GET config': () => (isViewer ? refuse('config:read', 'operator') : defaultConfig()),
  'GET keys': () => (isViewer ? refuse('keys:read', 'developer') : { keys }),
  'GET keys/key_1/usage': () => toUsage(aKey),
  'GET keys/key_2/usage': () => toUsage(keys[1] ?? aKey),
  'GET keys/key_3/usage': () => toUsage(aKey),
  'GET keys/key_4/usage': () => toUsage(aKey),
  'POST keys': () => ({ ...aKey, name: 'made', key: 'cai_k7f29qxm_4w8zr2tb6n3p5s7v9y4w8zr2tb6n3p5s7v9y' }),
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

/** What the made-up cluster says about people, keys and the record; undefined for what it does not know of. */
export function handleAccess(method: string, parts: readonly string[]): ClusterError | { readonly value: unknown } | undefined {
  const answer = answers[`${method} ${parts.join('/')}`];
  if (answer === undefined) return undefined;
  const value = answer();
  return value instanceof ClusterError ? value : { value };
}
