import { ClusterError } from '@cluster-ai/contracts';
import { silentLogger } from '@cluster-ai/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Database } from '../../stores/database.ts';
import { openPeopleApp, type PeopleApp } from '../people/testing/open-people-app.ts';
import type { Act } from './act.ts';
import { createActs } from './acts.ts';
import type { Audit } from './audit.ts';
import { type AuditPlace, openPlace } from './testing/open-place.ts';
import { withAudit } from './with-audit.ts';

/** What whoever has not signed in can make the record keep: everything, once a minute, and not more. */

let place: AuditPlace;
let audit: Audit;
let database: Database;
let app: PeopleApp;
beforeEach(async () => {
  place = await openPlace();
  audit = await place.open();
  database = withAudit(place.database, audit);
  app = await openPeopleApp(database, { acts: createActs({ audit, log: silentLogger }), denied: audit.denied, clock: place.clock });
});
afterEach(async () => {
  await app[Symbol.asyncDispose]();
  await place[Symbol.asyncDispose]();
});

const entries = async () => (await audit.list({ limit: 100 })).entries;
/** As a minute that is over. */
const writeDenials = () => audit[Symbol.asyncDispose]();
const stranger: Act = {
  actor: { kind: 'anonymous', id: '', name: '', role: '' },
  address: '10.0.0.1',
  action: 'POST /api/v1/sessions',
  requestId: 'req_1',
  target: '',
};

test('wrong passwords and unknown names of one address are one entry a minute, with their number and the names that were tried', async () => {
  await app.setUp();
  const before = (await entries()).length;
  const visitor = app.visit('10.0.0.7');
  for (const name of ['ana', 'bia', 'bia', 'x\r\ny\u202e'.padEnd(150, 'z')])
    expect((await visitor.call('POST', '/sessions', { name, password: 'a wrong one' })).status).toBe(401);
  expect(await entries()).toHaveLength(before);
  await writeDenials();
  const [entry, ...older] = await entries();
  expect(older).toHaveLength(before);
  expect(entry).toMatchObject({ result: 'denied', address: '10.0.0.7', action: 'POST /api/v1/sessions', count: 4 });
  expect(entry?.details).toMatchObject({
    code: 'credentials_invalid',
    tried: ['ana', 'bia', expect.stringMatching(/^x\\u000d\\u000ay\\u202ez+$/)],
  });
  expect(JSON.stringify(entry)).not.toContain('a wrong one');
});

test('tries that are refused because they come too fast are counted as well, and are no entry each', async () => {
  await app.setUp();
  const before = (await entries()).length;
  for (let i = 0; i < 12; i++) await app.visit().call('POST', '/sessions', { name: 'ana', password: 'wrong' });
  expect(await entries()).toHaveLength(before);
  await writeDenials();
  const made = (await entries()).slice(0, -before).map(({ count, details }) => [details['code'], count]);
  expect(made).toEqual(
    expect.arrayContaining([
      ['too_many_requests', expect.any(Number)],
      ['credentials_invalid', expect.any(Number)],
    ]),
  );
  expect(made.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(12);
});

const guess = `cai_rt_${'0'.repeat(26)}.${'a'.repeat(43)}.${'b'.repeat(43)}`;
test.each([
  ['/setup', { token: 'x.y', name: 'eve', password: 'tinta goiaba varal 12' }],
  ['/invitations/accept', { token: 'x.y', name: 'eve', password: 'tinta goiaba varal 12' }],
  ['/invitations/accept', { token: 'x.y', name: 'eve', password: 'weak' }],
  ['/passwords/choose', { token: 'x.y', password: 'tinta goiaba varal 12' }],
  ['/tokens', { name: 'nobody', password: 'x' }],
  ['/tokens/refresh', { refreshToken: 'x' }],
  ['/tokens/refresh', { refreshToken: guess }],
  ['/tokens/revoke', { refreshToken: 'x' }],
  ['/tokens/revoke', { refreshToken: guess }],
])('a wrong token at %s writes nothing by itself, however often it is sent', async (path, body) => {
  await app.setUp();
  const before = (await entries()).length;
  for (let i = 0; i < 20; i++) await app.visit().call('POST', path, body);
  expect(await entries()).toHaveLength(before);
  await writeDenials();
  const made = (await entries()).slice(0, -before);
  expect(made.length).toBeLessThanOrEqual(2);
  expect(made.every(({ result }) => result === 'denied')).toBe(true);
  expect(made.reduce((sum, { count }) => sum + count, 0)).toBe(20);
});

test('whoever signs in is in the record by id, and a refresh token that is used twice as what it is', async () => {
  await app.setUp();
  const person = app.access.people.list()[0]?.id;
  await app.signIn('ana');
  const tokens = (await app.visit().call('POST', '/tokens', { name: 'ana', password: 'tinta goiaba varal 12' })).body;
  for (let i = 0; i < 2; i++) await app.visit().call('POST', '/tokens/refresh', { refreshToken: tokens.refreshToken });
  const made = (await entries()).map(({ action, target, result, details }) => [
    action.slice(12),
    target,
    result,
    details['reused'] ?? false,
  ]);
  expect(made).toEqual([
    ['/tokens/refresh', person, 'ok', true],
    ['/tokens/refresh', person, 'ok', false],
    ['/tokens', person, 'ok', false],
    ['/sessions', person, 'ok', false],
    ['/setup', person, 'ok', false],
  ]);
});

test('an error of ours is no attempt of a stranger', async () => {
  const acts = createActs({ audit, log: silentLogger });
  const act = acts.run(stranger, () => Promise.reject(new ClusterError('disk_full', 'No room.')));
  await expect(act).rejects.toMatchObject({ code: 'disk_full' });
  expect(await entries()).toMatchObject([{ result: 'failed', details: { code: 'disk_full' } }]);
});

test('what a stranger did without changing anything is no entry', async () => {
  const acts = createActs({ audit, log: silentLogger });
  await acts.run(stranger, async () => {});
  await acts.run({ ...stranger, actor: { ...stranger.actor, kind: 'system' } }, async () => {});
  expect((await entries()).map(({ actor }) => actor.kind)).toEqual(['system']);
});
