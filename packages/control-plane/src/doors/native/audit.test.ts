import { auditListShape, auditVerificationShape, defaultConfig } from '@cluster-ai/contracts';
import { silentLogger } from '@cluster-ai/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Admission, createAdmission } from '../../access/admission.ts';
import { createActs } from '../../access/audit/acts.ts';
import type { Audit } from '../../access/audit/audit.ts';
import { isAct } from '../../access/audit/record-acts.ts';
import { type AuditPlace, openPlace, toDraft } from '../../access/audit/testing/open-place.ts';
import { withAudit } from '../../access/audit/with-audit.ts';
import type { Caller } from '../../access/caller.ts';
import { makeKeyText } from '../../access/keys/key-text.ts';
import { permissionsOf } from '../../access/roles.ts';
import { createListener } from '../../listeners/create-listener.ts';
import { auditRoutes } from './audit.ts';
import { renderProblem } from './problem.ts';
import { type NativeRoute, registerRoute, route } from './route.ts';

let place: AuditPlace;
let audit: Audit;
beforeEach(async () => {
  place = await openPlace();
  audit = await place.open();
});
afterEach(() => place[Symbol.asyncDispose]());

const caller: Caller = {
  kind: 'key',
  id: 'key_1',
  ownerId: 'person_1',
  name: 'ci',
  role: 'admin',
  permissions: permissionsOf('admin'),
  models: undefined,
};

/** The routes behind the real listener shell, for a caller who may do everything. */
function open(more: readonly NativeRoute[] = [], admission: Admission = { prepare: () => undefined, admit: () => caller }) {
  const acts = createActs({ audit, log: silentLogger });
  const { app } = createListener({
    config: defaultConfig(),
    log: silentLogger,
    admission,
    audit: { acts, denied: audit.denied },
    renderError: renderProblem,
  });
  for (const definition of [...auditRoutes({ audit }), ...more]) registerRoute(app, definition);
  return app;
}
const headers = { host: 'localhost' };

test('the record is listed, exported and verified over HTTP', async () => {
  for (let i = 0; i < 3; i++) await audit.record(toDraft({ target: `=node_${i}` }));
  const app = open();
  const listed = await app.inject({ url: '/audit?limit=2&result=ok', headers });
  expect(auditListShape.parse(listed.json())).toMatchObject({ entries: [{ sequence: 3 }, { sequence: 2 }], nextCursor: '2' });

  const lines = await app.inject({ url: '/audit/export', headers });
  expect(lines.headers['content-type']).toContain('application/x-ndjson');
  expect(lines.body.split('\n')).toHaveLength(4);
  const csv = await app.inject({ url: '/audit/export?format=csv&target=node_1', headers });
  expect(csv.headers).toMatchObject({
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': 'attachment; filename="audit.csv"',
  });
  expect(csv.body.split('\r\n')[1]).toContain(`"'=node_1"`);

  const verified = await app.inject({ method: 'POST', url: '/audit/verify', headers });
  expect(auditVerificationShape.parse(verified.json())).toMatchObject({ isIntact: true, entries: 3 });
  for (const url of ['/audit?limit=501', '/audit?cursor=x', '/audit?since=yesterday', '/audit/export?format=xml'])
    expect((await app.inject({ url, headers })).statusCode, url).toBe(400);
  await app.close();
});

test('a route that changes something is an act: its entry is there before the caller hears of it', async () => {
  const database = withAudit(place.database, audit);
  const remove = route({
    method: 'DELETE',
    path: '/things/{id}',
    permission: 'nodes:write',
    tag: 'test',
    summary: 'Remove a thing',
    answer: undefined,
    handle: async () => void (await database.transaction(async () => {})),
  });
  const unload = route({ ...remove, method: 'POST', path: '/things/{id}/unload', handle: async () => undefined });
  const app = open([remove, unload]);
  for (const [method, url] of [
    ['DELETE', '/things/a%0d%0ab'],
    ['POST', '/things/b/unload'],
  ] as const)
    expect((await app.inject({ method, url, headers })).statusCode).toBe(204);
  const { entries } = await audit.list({ limit: 10 });
  expect(entries).toMatchObject([
    { action: 'POST /things/:id/unload', target: 'b', address: '127.0.0.1' },
    { action: 'DELETE /things/:id', target: 'a\r\nb', actor: { kind: 'key', id: 'key_1', name: 'ci', role: 'admin' } },
  ]);
  await app.close();
});

test('whoever is kept out is in the record: without a name, with one, and from a foreign page', async () => {
  const viewer: Caller = { ...caller, id: 'key_2', name: 'reader', role: 'viewer', permissions: permissionsOf('viewer') };
  const keys = { authenticate: () => viewer };
  const none = { find: () => undefined, csrfTokenOf: () => '' };
  const app = open([], createAdmission({ keys, sessions: none, host: none, local: { permissions: () => undefined } }));
  const authorization = `Bearer ${makeKeyText().text}`;
  const statuses = [];
  for (const sent of [headers, headers, { ...headers, authorization }, { host: 'evil.example', authorization }])
    statuses.push((await app.inject({ url: '/audit?search=secret', headers: sent })).statusCode);
  expect(statuses).toEqual([401, 401, 403, 403]);
  await app.close();
  await audit[Symbol.asyncDispose]();
  const { entries } = await audit.list({ limit: 10 });
  expect(entries.map(({ actor, action, count, details }) => [actor.kind, actor.id, action, count, details['code']])).toEqual([
    ['anonymous', '', 'GET /audit', 1, 'host_not_allowed'],
    ['key', 'key_2', 'GET /audit', 1, 'forbidden'],
    ['anonymous', '', 'GET /audit', 2, 'unauthorized'],
  ]);
});

test('reading, inference and public routes are no acts', () => {
  expect(isAct('DELETE', 'nodes:write')).toBe(true);
  expect(isAct('POST', 'self:write')).toBe(true);
  for (const [method, permission] of [
    ['GET', 'nodes:write'],
    ['HEAD', 'nodes:write'],
    ['POST', 'audit:read'],
    ['POST', 'inference:use'],
    ['POST', 'public'],
    ['POST', undefined],
  ] as const)
    expect(isAct(method, permission), `${method} ${permission}`).toBe(false);
});
