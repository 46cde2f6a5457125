import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@cluster-ai/runtime';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../stores/open-database.ts';
import { createAdmission } from '../admission.ts';
import { mayUseModel } from '../model-grants.ts';
import { goodPassword, openPeopleApp, type PeopleApp, type Visitor } from './testing/open-people-app.ts';

const folder = mkdtempSync(join(tmpdir(), 'cai-service-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

async function open() {
  const database = await openDatabase({ url: '', folder: { database: join(folder, `${count++}.db`) }, log: silentLogger });
  const app = await openPeopleApp(database);
  return {
    app,
    [Symbol.asyncDispose]: async () => {
      await app[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** Who a key is, as admission sees it. */
const toCaller = ({ access, keys }: PeopleApp, key: string) =>
  createAdmission({ keys, sessions: access.lookup, host: { find: () => undefined }, local: { permissions: () => undefined } }).admit(
    { method: 'POST', headers: { authorization: `Bearer ${key}` }, isSecure: false, remoteAddress: '10.0.0.1' },
    'inference:use',
  );
const makeKey = async (visitor: Visitor, more: object = {}) => (await visitor.call('POST', '/keys', { name: 'nightly', ...more })).body.key;

describe('a service account', () => {
  let opened: Awaited<ReturnType<typeof open>>;
  let admin: Visitor;
  beforeEach(async () => {
    opened = await open();
    admin = await opened.app.setUp();
    const limits = { tokensPerDay: 100 };
    expect(await admin.call('POST', '/people/service-accounts', { name: 'CI', models: ['team/*'], limits })).toMatchObject({
      status: 201,
      body: { kind: 'service', name: 'ci', role: 'developer', hasPassword: false, models: ['team/*'], limits },
    });
    return () => opened[Symbol.asyncDispose]();
  });

  test('has keys, which are its own: its models and limits are theirs', async () => {
    const { app } = opened;
    const key = await makeKey(admin, { owner: 'ci', models: ['team/qwen', 'starter'], limits: { requestsPerMinute: 5 } });
    const account = app.access.people.get('ci');
    const caller = toCaller(app, key);
    expect(caller).toMatchObject({
      ownerId: account.id,
      quotas: [{ name: 'nightly' }, { subject: account.id, name: 'ci', limits: { tokensPerDay: 100 } }],
    });
    expect(['team/qwen', 'starter', 'team/other'].map((name) => mayUseModel(caller, name))).toEqual([true, false, false]);
    expect(toCaller(app, key)).toBe(caller); // nothing is made anew with each request
  });

  test('can do less from the next request on, and nothing when it is disabled', async () => {
    const { app } = opened;
    const key = await makeKey(admin, { owner: 'ci' });
    await admin.call('PATCH', '/people/ci', { models: ['other'], limits: {}, role: 'developer' });
    expect(toCaller(app, key)).toMatchObject({ ownerModels: ['other'], quotas: [{}, { limits: {} }] });
    await admin.call('PATCH', '/people/ci', { models: null });
    expect(mayUseModel(toCaller(app, key), 'anything')).toBe(true);
    await admin.call('PATCH', '/people/ci', { role: 'viewer' });
    expect(() => toCaller(app, key)).toThrow(expect.objectContaining({ code: 'forbidden' }));
    await admin.call('PATCH', '/people/ci', { state: 'disabled' });
    expect(() => toCaller(app, key)).toThrow(expect.objectContaining({ code: 'key_revoked' }));
  });

  test('signs in by nothing: no password, no link for one', async () => {
    const { app } = opened;
    expect((await app.visit().call('POST', '/sessions', { name: 'ci', password: goodPassword })).status).toBe(401);
    expect(await admin.call('POST', '/people/ci/reset-password', {})).toMatchObject({ status: 409, body: { code: 'conflict' } });
  });

  test('is no person: it opens and closes no set-up, and is not the admin who must be left', async () => {
    const { app } = opened;
    expect(app.access.people.count()).toBe(1);
    await admin.call('PATCH', '/people/ci', { role: 'admin' });
    expect(await admin.call('DELETE', '/people/ana')).toMatchObject({ status: 409 });
  });

  test('before there is anybody it leaves the set-up open', async () => {
    await using other = await open();
    await other.app.access.people.createService({ name: 'ci', role: 'admin', displayName: '', models: null, limits: {} });
    expect(other.app.access.people.isSetupOpen()).toBe(true);
    await other.app.setUp('bea');
    expect(other.app.access.people.isSetupOpen()).toBe(false);
  });

  test('attack 27: only who manages people makes keys for it, or sees what it used', async () => {
    const { app } = opened;
    const bia = await app.addPerson(admin, 'bia', 'operator');
    expect(await bia.call('POST', '/keys', { name: 'x', owner: 'ci' })).toMatchObject({ status: 403 });
    expect(await bia.call('GET', '/people/ci/usage')).toMatchObject({ status: 403 });
    expect(await admin.call('POST', '/keys', { name: 'x', owner: 'nobody' })).toMatchObject({ status: 404 });
  });

  test('what it used is told, with how much of each limit that is', async () => {
    const { app } = opened;
    const { id } = app.access.people.get('ci');
    const key = toCaller(app, await makeKey(admin, { owner: 'ci' }));
    app.quotas.begin(key);
    app.quotas.charge(key, 40);
    expect((await admin.call('GET', `/people/${id}/usage`)).body).toMatchObject({
      day: { requests: 1, tokens: 40 },
      limits: [{ name: 'tokensPerDay', limit: 100, used: 40, resetsAt: expect.stringMatching(/T00:00:00.000Z$/) }],
    });
    expect((await admin.call('GET', `/keys/${key.id}/usage`)).body).toMatchObject({ ever: { requests: 1, tokens: 40 }, limits: [] });
  });
});

test('attack 28: nobody grants models or limits to themselves', async () => {
  await using opened = await open();
  const { app } = opened;
  const admin = await app.setUp();
  const bia = await app.addPerson(admin, 'bia', 'developer');
  await admin.call('PATCH', '/people/bia', { models: ['a'], limits: { requestsPerDay: 1 } });
  await bia.call('PATCH', '/me', { models: null, limits: {}, displayName: 'Bia' });
  expect(app.access.people.get('bia')).toMatchObject({ displayName: 'Bia', models: ['a'], limits: { requestsPerDay: 1 } });
  expect((await bia.call('PATCH', '/people/bia', { models: null })).status).toBe(403);
  expect((await bia.call('GET', '/me/usage')).body.limits).toMatchObject([{ name: 'requestsPerDay', limit: 1, used: 0 }]);
});

test('attack 29: a model that is taken away cuts what is open of it', async () => {
  await using opened = await open();
  const admin = await opened.app.setUp();
  const bia = await opened.app.addPerson(admin, 'bia', 'developer');
  const find = () => opened.app.access.lookup.find(bia.cookie.split('=')[1] ?? '');
  const before = find();
  if (before === undefined || before === 'ended') throw new Error('bia is not signed in.');
  const cut = before.whenCut?.();
  await admin.call('PATCH', '/people/bia', { limits: { tokensPerDay: 5 } });
  expect(cut?.aborted).toBe(false);
  await admin.call('PATCH', '/people/bia', { models: ['a'] });
  expect(cut?.aborted).toBe(true);
  expect(find()).toMatchObject({ models: ['a'], quotas: [{ limits: { tokensPerDay: 5 } }] });
});
