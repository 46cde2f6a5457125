import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterError, type Config, createApiKeyShape, defaultConfig, type Role, roles } from '@cluster-ai/contracts';
import { createManualClock, silentLogger } from '@cluster-ai/runtime';
import type { FastifyInstance, HTTPMethods } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAdmission } from './access/admission.ts';
import type { Caller } from './access/caller.ts';
import { openApiKeys } from './access/keys/api-keys.ts';
import { type OpenedPeople, openPeople } from './access/people/open-people.ts';
import { permissionsOf } from './access/roles.ts';
import type { RouteRecord } from './access/route-permissions.ts';
import { openTestSecrets } from './access/secrets/testing/open-test-secrets.ts';
import { composeDoors, type DoorParts } from './compose-doors.ts';
import type { Database } from './stores/database.ts';
import { openDatabase } from './stores/open-database.ts';

/** Nothing behind the doors runs here: who is let in gets this instead. */
const letIn = new ClusterError('conflict', 'Let in.');
const nothing = {} as never;

const folder = mkdtempSync(join(tmpdir(), 'cai-doors-'));
const clock = createManualClock();
const credentials = new Map<string, string>();
let database: Database;
let access: OpenedPeople;
let routes: readonly RouteRecord[];
/** Those of the registry's own port. */
let atRoot: ReadonlySet<RouteRecord>;
let apps: readonly FastifyInstance[];

const maker: Caller = {
  kind: 'host',
  id: 'host',
  ownerId: 'local',
  name: 'maker',
  role: 'admin',
  permissions: permissionsOf('admin'),
  models: undefined,
};

beforeAll(async () => {
  database = await openDatabase({ url: '', folder: { database: join(folder, 'cluster.db') }, log: silentLogger });
  const keys = await openApiKeys({ database, clock, log: silentLogger });
  const makeKey = (role: Role, more = {}) => keys.create(maker, createApiKeyShape.parse({ name: role, role, ...more }));
  for (const role of roles) credentials.set(role, (await makeKey(role)).key);
  credentials.set('expired', (await makeKey('admin', { expiresInSeconds: 60 })).key);
  const revoked = await makeKey('admin');
  await keys.revoke(maker, revoked.id);
  credentials.set('revoked', revoked.key);
  credentials.set('wrong', `${revoked.key.slice(0, -8)}xxxxxxxx`);
  credentials.set('foreign', 'sk-of-another-system');
  await clock.advance(61_000);
  access = await openPeople({
    database,
    secrets: await openTestSecrets(database, clock),
    clock,
    log: silentLogger,
    clusterName: 'lab',
    adopt: async () => {},
    describeAct: () => {},
  });
  const { token = '' } = (await access.people.openSetup()) ?? {};
  const here = { address: '127.0.0.1', program: 'a test' };
  const admin = await access.people.setUp({ token, name: 'ana', password: 'tinta goiaba varal 12', displayName: '' }, here);
  await access.sessions.endAll(admin.personId);
  credentials.set('ended', admin.token);

  const config: Config = defaultConfig();
  const none = { find: () => undefined };
  const { admit } = createAdmission({ keys, sessions: access.lookup, host: none, local: { permissions: () => undefined } });
  const admission = {
    admit(...given: Parameters<typeof admit>) {
      admit(...given);
      throw letIn;
    },
  };
  const metrics = { observeRequest() {}, render: nothing } as unknown as DoorParts['metrics'];
  const native = {
    nodes: nothing,
    registry: nothing,
    catalog: nothing,
    publisher: nothing,
    blobParts: nothing,
    gateway: nothing,
    chats: nothing,
    compute: nothing,
    keys: nothing,
    access,
    acts: { run: (_act: unknown, work: () => Promise<unknown>) => work() },
    secrets: nothing,
    namedSecrets: nothing,
    events: nothing,
    config,
    clock,
    certificates: nothing,
  } as unknown;
  const shown = { of: () => undefined, names: () => [] };
  const parts = { admission, native, shown, metrics, assets: { web: folder }, config, log: silentLogger } as unknown as DoorParts;
  const shells = [await composeDoors(parts, 'main'), await composeDoors(parts, 'ollama'), await composeDoors(parts, 'registry')];
  apps = shells.map(({ app }) => app);
  routes = shells.flatMap((shell) => shell.routes);
  atRoot = new Set(shells[2]?.routes);
  for (const app of apps) await app.ready();
});
afterAll(async () => {
  for (const app of apps ?? []) await app.close();
  await access?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const listRoutes = (list: readonly RouteRecord[]) =>
  [...new Set(list.map(({ method, path, permission }) => `${method.padEnd(7)} ${path}  ${permission}`))].sort().join('\n');

test('every route is in the list that was agreed on, with its permission', async () => {
  await expect(`${listRoutes(routes)}\n`).toMatchFileSnapshot('./access/__golden__/routes.txt');
});

/** 409 says that admission let the request in. */
async function statusOf(record: RouteRecord, credential: string | undefined): Promise<number> {
  const { method, path } = record;
  const url = path.replace(/:\w+/g, 'x').replace('*', 'x');
  const headers = { host: 'localhost', ...(credential === undefined ? {} : { authorization: `Bearer ${credential}` }) };
  const app = atRoot.has(record) ? apps[2] : apps[0];
  const answer = await app?.inject({ method: method as HTTPMethods, url, headers });
  return answer?.statusCode ?? 0;
}

const isLetIn = (status: number) => status === 409;

describe('attack 1: every route', () => {
  test.each([undefined, 'wrong', 'expired', 'revoked', 'foreign', 'ended'])(
    'is closed to whoever sends %s, unless it is public',
    async (name) => {
      for (const record of routes) {
        const status = await statusOf(record, name === undefined ? undefined : credentials.get(name));
        expect([record, status]).toEqual([record, record.permission === 'public' ? expect.not.toBeOneOf([401, 403]) : 401]);
      }
    },
  );

  test.each(roles)('is open to the role %s as far as the table says', async (role) => {
    for (const record of routes) {
      if (record.permission === 'public') continue;
      expect([record, isLetIn(await statusOf(record, credentials.get(role)))]).toEqual([
        record,
        permissionsOf(role).has(record.permission),
      ]);
    }
  });
});

test('attack 3: no other method opens a route', async () => {
  const known = new Set(routes.map(({ method, path }) => `${method} ${path}`));
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
    for (const { path } of routes.filter(({ permission }) => permission !== 'public')) {
      if (known.has(`${method} ${path}`)) continue;
      const status = await statusOf({ method, path, permission: 'public' }, undefined);
      expect([method, path, status]).toEqual([method, path, expect.toBeOneOf([401, 403, 404, 405])]);
    }
});
