import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApiKeyShape } from '@cluster-ai/contracts';
import { createManualClock, silentLogger } from '@cluster-ai/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../stores/database.ts';
import { openDatabase } from '../../stores/open-database.ts';
import { findPostgresPrograms, startThrowawayPostgres, type ThrowawayPostgres } from '../../stores/testing/throwaway-postgres.ts';
import { readSealHeader } from '../secrets/sealed-bytes.ts';
import type { Secrets } from '../secrets/secrets.ts';
import { finishRotations, newTestKey, testKey } from '../secrets/testing/open-test-secrets.ts';
import type { SessionCaller } from './directory.ts';
import { createPasswordHasher } from './passwords/password-hasher.ts';
import { appCode } from './testing/app-code.ts';
import { goodPassword, openPeopleApp, type Visitor } from './testing/open-people-app.ts';
import { createSoftAuthenticator } from './testing/soft-authenticator.ts';
import { createTokenKeys } from './token-keys.ts';

const folder = mkdtempSync(join(tmpdir(), 'cai-people-'));
const programs = await findPostgresPrograms();
let server: ThrowawayPostgres | undefined;
beforeAll(async () => {
  if (programs !== undefined) server = await startThrowawayPostgres(programs);
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

let count = 0;
const openSqlite = () => openDatabase({ url: '', folder: { database: join(folder, `${count++}.db`) }, log: silentLogger });
const openPostgres = async () => openDatabase({ url: (await server?.createDatabase()) ?? '', folder: { database: '' }, log: silentLogger });

const DAY_MS = 24 * 60 * 60_000;
const problem = (code: string) => ({ body: { code } });

/** All data keys by new ones: nothing is sealed with the old ones afterwards, and they are gone. */
async function replaceKeys(secrets: Secrets): Promise<void> {
  await secrets.rotateDataKeys();
  await finishRotations(secrets);
}

describe.each([
  ['sqlite', openSqlite, true],
  ['postgres', openPostgres, programs !== undefined],
] satisfies [string, () => Promise<Database>, boolean][])('people on %s', (_kind, open, isThere) => {
  describe.skipIf(!isThere)('', () => {
    describe('the first admin', () => {
      test('comes by the link of the first start, is signed in, and is the only one whom it lets in', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        const link = await app.access.people.openSetup();
        expect(link?.path).toBe(`/ui/setup#${link?.token}`);
        const visitor = app.visit();
        expect((await visitor.call('GET', '/setup')).body).toEqual({ isOpen: true });
        const answer = await visitor.call('POST', '/setup', { token: link?.token, name: 'Ana', password: goodPassword });
        expect(answer).toMatchObject({ status: 201, body: { kind: 'person', name: 'ana', role: 'admin', person: { hasPassword: true } } });
        expect((await visitor.call('GET', '/me')).body).toMatchObject({ name: 'ana', role: 'admin', csrfToken: visitor.csrfToken });
        expect(app.access.people.count()).toBe(1);
        expect(app.acts.map(({ action }) => action)).toEqual(['POST /api/v1/setup']);
      });

      test('attack 32: after the set-up the link, a second link and a new start let nobody in', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        const [first, second] = [await app.access.people.openSetup(), await app.access.people.openSetup()];
        await app.visit().call('POST', '/setup', { token: first?.token, name: 'ana', password: goodPassword });
        for (const token of [first?.token, second?.token, 'x.y', ''])
          expect((await app.visit().call('POST', '/setup', { token, name: 'eve', password: goodPassword })).status).toBeGreaterThanOrEqual(
            400,
          );
        expect(await app.access.people.openSetup()).toBeUndefined();
        await using again = await openPeopleApp(database);
        expect(await again.access.people.openSetup()).toBeUndefined();
        expect((await again.visit().call('GET', '/setup')).body).toEqual({ isOpen: false });
        expect(again.access.people.list().map(({ name }) => name)).toEqual(['ana']);
      });

      test('attack 32: of two who come at once with one link, one wins', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        const link = await app.access.people.openSetup();
        const come = (name: string) => app.visit().call('POST', '/setup', { token: link?.token, name, password: goodPassword });
        const answers = await Promise.all([come('ana'), come('eve')]);
        expect(answers.map(({ status }) => status).sort()).toEqual([201, 403]);
        expect(app.access.people.count()).toBe(1);
      });

      test('attack 32: a guessed, an expired and a wrong kind of link let nobody in', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        const link = await app.access.people.openSetup();
        const come = (token: unknown) => app.visit().call('POST', '/setup', { token, name: 'eve', password: goodPassword });
        const [id] = String(link?.token).split('.');
        expect(await come(`${id}.${'a'.repeat(43)}`)).toMatchObject({ status: 401, ...problem('link_invalid') });
        const invitation = await app.access.people.invite({ role: 'admin', ttlSeconds: 600 }, 'system');
        expect(await come(invitation.token)).toMatchObject({ status: 401, ...problem('link_invalid') });
        await app.clock.advance(DAY_MS + 1);
        expect(await come(link?.token)).toMatchObject({ status: 401, ...problem('link_invalid') });
        expect(app.access.people.count()).toBe(0);
      });

      test('a weak password does not burn the link', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        const link = await app.access.people.openSetup();
        const come = (password: string) => app.visit().call('POST', '/setup', { token: link?.token, name: 'ana', password });
        expect(await come('Password1234')).toMatchObject({ status: 400, body: { param: 'password' } });
        expect((await come(goodPassword)).status).toBe(201);
      });
    });

    describe('signing in', () => {
      test('attack 31: an unknown name, a wrong password and a disabled person get one answer, after one hash each', async () => {
        await using database = await open();
        const hasher = createPasswordHasher();
        const checks: string[] = [];
        const counting = {
          ...hasher,
          verify: (hash: string, password: string) => {
            checks.push(hash.split('$').slice(0, 4).join('$'));
            return hasher.verify(hash, password);
          },
        };
        await using app = await openPeopleApp(database, { hasher: counting });
        const admin = await app.setUp();
        await app.addPerson(admin, 'bia', 'developer');
        await admin.call('PATCH', '/people/bia', { state: 'disabled' });
        await admin.call('POST', '/people', { name: 'caio' });
        const answers = [];
        for (const name of ['nobody', 'ana', 'bia', 'caio']) {
          checks.length = 0;
          const { status, body } = await app
            .visit(`10.0.0.${answers.length}`)
            .call('POST', '/sessions', { name, password: 'not the password' });
          answers.push(JSON.stringify({ status, code: body.code, detail: body.detail, hint: body.hint, checks }));
        }
        expect(new Set(answers).size).toBe(1);
        expect(JSON.parse(answers[0] ?? '')).toMatchObject({
          status: 401,
          code: 'credentials_invalid',
          checks: ['$argon2id$v=19$m=19456,t=2,p=1'],
        });
      });

      test('attack 31: wrong guesses wait longer and longer, another address does not, and nobody is locked out for ever', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database, { attemptsPerMinute: 1000 });
        await app.setUp();
        const guess = (address: string, password = 'a wrong guess') =>
          app.visit(address).call('POST', '/sessions', { name: 'ana', password });
        const waits: number[] = [];
        for (let i = 0; i < 200 && waits.length < 12; i++) {
          const answer = await guess('10.9.9.9');
          if (answer.status === 401) continue;
          expect(answer).toMatchObject({ status: 429, ...problem('too_many_requests') });
          waits.push(Number(answer.headers['retry-after']));
          await app.clock.advance(Number(answer.headers['retry-after']) * 1000);
        }
        expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        expect((await guess('10.1.1.1', goodPassword)).status).toBe(201);
        await guess('10.9.9.9');
        expect((await guess('10.9.9.9', goodPassword)).status).toBe(429);
        await app.clock.advance(15 * 60_000);
        expect((await guess('10.9.9.9', goodPassword)).status).toBe(201);
      });

      test('attack 31: guesses that come together count before their hashes are made', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        await app.setUp();
        const guess = () => app.visit('10.9.9.9').call('POST', '/sessions', { name: 'ana', password: 'a wrong guess' });
        const answers = await Promise.all(Array.from({ length: 100 }, guess));
        expect(answers.filter(({ status }) => status === 401).length).toBeLessThan(6);
      });

      test('attack 31: a password of a megabyte and one in another unicode form', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        await app.setUp();
        expect((await app.visit().call('POST', '/sessions', { name: 'ana', password: 'x'.repeat(1_000_000) })).status).toBe(413);
        expect((await app.visit().call('POST', '/sessions', { name: 'ana', password: 'x'.repeat(2000) })).status).toBe(400);
        const person = await app.access.people.create({ name: 'bia', role: 'viewer', displayName: '', email: null }, 'system');
        const choose = { token: person.link.token, password: 'cafe\u0301 com leite e pão' };
        expect((await app.visit().call('POST', '/passwords/choose', choose)).status).toBe(200);
        expect((await app.visit().call('POST', '/sessions', { name: 'ＢＩＡ ', password: 'café com leite e pão' })).status).toBe(201);
      });

      test('a hash of weaker parameters is made anew', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        await app.setUp();
        const { hashSync } = await import('@node-rs/argon2');
        const weak = hashSync(goodPassword, { memoryCost: 4096, timeCost: 1, parallelism: 1 });
        await database.transaction((query) => query.updateTable('people').set({ password_hash: weak }).execute());
        await using later = await openPeopleApp(database, { hasher: createPasswordHasher() });
        await later.signIn('ana');
        const row = await database.query.selectFrom('people').select('password_hash').executeTakeFirstOrThrow();
        expect(row.password_hash).toContain('m=19456,t=2,p=1');
        await later.signIn('ana');
      });

      test('the cookie is for this host and no script; in the database there is only a hash of it', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        await app.setUp();
        const visitor = app.visit();
        const { setCookie } = await visitor.call('POST', '/sessions', { name: 'ana', password: goodPassword });
        expect(setCookie).toMatch(/^cai_session=[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Strict$/);
        const rows = JSON.stringify([
          await database.query.selectFrom('sessions').selectAll().execute(),
          await database.query.selectFrom('people').selectAll().execute(),
          await database.query.selectFrom('one_use_links').selectAll().execute(),
        ]);
        expect(rows).not.toContain(visitor.cookie.split('=')[1]);
        expect(rows).not.toContain(goodPassword);
      });
    });

    describe('sessions', () => {
      test('end one by one, all at once, and when they are not used or too old', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        const here = await app.setUp();
        const there = await app.signIn('ana');
        const elsewhere = await app.signIn('ana');
        const { sessions } = (await here.call('GET', '/sessions')).body;
        expect(sessions.map(({ isCurrent }: { isCurrent: boolean }) => isCurrent)).toEqual([true, false, false]);
        expect((await here.call('DELETE', `/sessions/${sessions[1].id}`)).status).toBe(204);
        expect(await there.call('GET', '/me')).toMatchObject({ status: 401, ...problem('session_ended') });
        expect((await elsewhere.call('GET', '/me')).status).toBe(200);
        expect((await elsewhere.call('DELETE', '/sessions/current')).setCookie).toContain('Max-Age=0');
        await here.call('DELETE', '/sessions');
        expect((await here.call('GET', '/me')).status).toBe(401);
        const idle = await app.signIn('ana');
        await app.clock.advance(3 * DAY_MS + 1);
        expect(await idle.call('GET', '/me')).toMatchObject(problem('session_ended'));
        const busy = await app.signIn('ana');
        for (let day = 0; day < 29; day++) {
          await app.clock.advance(DAY_MS);
          expect((await busy.call('GET', '/me')).status).toBe(200);
        }
        await app.clock.advance(DAY_MS);
        expect(await busy.call('GET', '/me')).toMatchObject(problem('session_ended'));
      });

      test('attack 29: a role that changes acts on the next request, and cuts what is open', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        const admin = await app.setUp();
        const bia = await app.addPerson(admin, 'bia', 'admin');
        const found = app.access.sessions.find(bia.cookie.split('=')[1] ?? '');
        const cut = (found as SessionCaller).whenCut();
        await admin.call('PATCH', '/people/bia', { displayName: 'Bia' });
        expect(cut.aborted).toBe(false);
        await admin.call('PATCH', '/people/bia', { role: 'viewer' });
        expect(cut.aborted).toBe(true);
        expect((await bia.call('GET', '/people')).status).toBe(403);
        await admin.call('PATCH', '/people/bia', { state: 'disabled' });
        expect(await bia.call('GET', '/me')).toMatchObject(problem('session_ended'));
        await admin.call('PATCH', '/people/bia', { state: 'active' });
        expect(await bia.call('GET', '/me')).toMatchObject(problem('session_ended'));
      });

      test('attack 29: what another control plane ended is noticed within ten seconds', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        if (database.kind === 'sqlite') return; // its database belongs to one control plane
        const admin = await app.setUp();
        const clock = createManualClock(app.clock.now());
        await using other = await openPeopleApp(database, { clock });
        const token = admin.cookie.split('=')[1] ?? '';
        const found = other.access.sessions.find(token);
        const cut = (found as SessionCaller).whenCut();
        const stop = new AbortController();
        const running = other.access.sessions.run(stop.signal);
        await app.access.sessions.endAll((found as SessionCaller).id);
        await clock.advance(5000);
        await expect.poll(() => cut.aborted, { timeout: 10_000 }).toBe(true);
        expect(other.access.sessions.find(token)).toBe('ended');
        stop.abort();
        await running;
      });

      test('when somebody was last seen outlives a restart', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        const admin = await app.setUp();
        const stop = new AbortController();
        await app.clock.advance(DAY_MS);
        await admin.call('GET', '/me');
        const seenAt = app.clock.now();
        stop.abort();
        await app.access.sessions.run(stop.signal); // ends by writing down what it knows
        const rows = await database.query.selectFrom('sessions').select('last_seen_at').execute();
        expect(rows).toEqual([{ last_seen_at: seenAt }]);
      });
    });

    test('attack 29: a key is never more than its owner, and ends with the owner’s login', async () => {
      await using database = await open();
      await using app = await openPeopleApp(database);
      const admin = await app.setUp();
      const bia = await app.addPerson(admin, 'bia', 'admin');
      const maker = app.access.sessions.find(bia.cookie.split('=')[1] ?? '') as SessionCaller;
      const { key } = await app.keys.create(maker, createApiKeyShape.parse({ name: 'app', role: 'admin' }));
      const call = (path: string) => app.visit().call('GET', path, undefined, { authorization: `Bearer ${key}` });
      expect((await call('/people')).status).toBe(200);
      await admin.call('PATCH', '/people/bia', { role: 'viewer' });
      expect((await call('/people')).status).toBe(403);
      expect((await call('/me')).status).toBe(200);
      await admin.call('PATCH', '/people/bia', { state: 'disabled' });
      expect(await call('/me')).toMatchObject({ status: 401, ...problem('key_revoked') });
      await admin.call('DELETE', '/people/bia');
      expect((await call('/me')).status).toBe(401);
    });

    describe('cross-site requests', () => {
      const attempts: [string, (visitor: Visitor) => Promise<{ status: number }>][] = [
        ['without the header', (visitor) => visitor.call('PATCH', '/me', { displayName: 'x' }, { 'x-csrf-token': '' })],
        ['with a guessed header', (visitor) => visitor.call('PATCH', '/me', { displayName: 'x' }, { 'x-csrf-token': 'a'.repeat(43) })],
        ['from a foreign origin', (visitor) => visitor.call('PATCH', '/me', { displayName: 'x' }, { origin: 'http://evil.example' })],
        ['from another port', (visitor) => visitor.call('PATCH', '/me', { displayName: 'x' }, { 'sec-fetch-site': 'same-site' })],
        ['from a page of another site', (visitor) => visitor.call('DELETE', '/sessions', undefined, { 'sec-fetch-site': 'cross-site' })],
        [
          'as a form',
          (visitor) => visitor.call('POST', '/people', 'name=eve&role=admin', { 'content-type': 'application/x-www-form-urlencoded' }),
        ],
        [
          'as text that is JSON',
          (visitor) => visitor.call('POST', '/people', '{"name":"eve","role":"admin"}', { 'content-type': 'text/plain' }),
        ],
      ];
      test.each(attempts)('attack 33: a change %s is refused', async (_how, attempt) => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        const admin = await app.setUp();
        expect((await attempt(admin)).status).toBeGreaterThanOrEqual(400);
        expect(app.access.people.list()).toMatchObject([{ name: 'ana', displayName: '' }]);
        expect((await admin.call('PATCH', '/me', { displayName: 'Ana' })).status).toBe(200);
      });

      test('attack 33: nobody is signed in as somebody else by a page of another site', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        await app.setUp();
        const from = (site: string) =>
          app.visit().call('POST', '/sessions', { name: 'ana', password: goodPassword }, { 'sec-fetch-site': site });
        expect((await from('same-site')).status).toBe(403);
        expect((await from('cross-site')).status).toBe(403);
        expect((await from('same-origin')).status).toBe(201);
      });
    });

    describe('people', () => {
      test('attack 28: a body cannot give itself what its route does not give', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        const admin = await app.setUp();
        const bia = await app.addPerson(admin, 'bia', 'viewer');
        const more = { role: 'admin', id: 'person_x', state: 'disabled', createdAt: 0, password_hash: 'x', permissions: ['people:write'] };
        await bia.call('PATCH', '/me', { ...more, displayName: 'Bia' });
        await bia.call('PATCH', '/me', JSON.stringify({ displayName: 'Bia' }).replace('{', '{"__proto__":{"role":"admin"},'));
        expect((await admin.call('GET', '/people/bia')).body).toMatchObject({
          name: 'bia',
          role: 'viewer',
          state: 'active',
          displayName: 'Bia',
        });
        const invited = await admin.call('POST', '/people/invitations', { role: 'viewer' });
        const newcomer = { ...more, token: invited.body.token, name: 'caio', password: goodPassword, email: 'x@example.org' };
        expect((await app.visit().call('POST', '/invitations/accept', newcomer)).body).toMatchObject({
          role: 'viewer',
          person: { email: null },
        });
        const created = await admin.call('POST', '/people', { ...more, name: 'davi', role: 'developer' });
        expect(created.body.person).toMatchObject({ role: 'developer', state: 'active', hasPassword: false });
        expect(created.body.person.id).not.toBe('person_x');
      });

      test('an invitation is good for one, until it expires, and for its role', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        const admin = await app.setUp();
        const invited = await admin.call('POST', '/people/invitations', { role: 'data_scientist', ttlSeconds: 60 });
        const accept = (name: string) =>
          app.visit().call('POST', '/invitations/accept', { token: invited.body.token, name, password: goodPassword });
        expect(await accept('ana')).toMatchObject({ status: 409 });
        expect((await accept('bia')).body).toMatchObject({ role: 'developer' });
        expect(await accept('caio')).toMatchObject({ status: 401, ...problem('link_invalid') });
        const late = await admin.call('POST', '/people/invitations', { ttlSeconds: 60 });
        await app.clock.advance(60_000);
        expect(
          await app.visit().call('POST', '/invitations/accept', { token: late.body.token, name: 'caio', password: goodPassword }),
        ).toMatchObject(problem('link_invalid'));
      });

      test('a password is reset by a link: the old one, its sessions and older links are gone at once', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        const admin = await app.setUp();
        const bia = await app.addPerson(admin, 'bia', 'viewer');
        const first = await admin.call('POST', '/people/bia/reset-password');
        const second = await admin.call('POST', '/people/bia/reset-password');
        expect((await bia.call('GET', '/me')).status).toBe(401);
        expect((await app.visit().call('POST', '/sessions', { name: 'bia', password: goodPassword })).status).toBe(401);
        const choose = (token: string) => app.visit().call('POST', '/passwords/choose', { token, password: 'outra senha bem comprida' });
        expect((await choose(first.body.token)).status).toBe(401);
        expect((await choose(second.body.token)).body).toMatchObject({ name: 'bia', role: 'viewer' });
        expect((await choose(second.body.token)).status).toBe(401);
        await app.signIn('bia', 'outra senha bem comprida', '10.2.2.2');
      });

      test('a new password of one’s own needs the old one, and ends the other sessions', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        const here = await app.setUp();
        const there = await app.signIn('ana');
        const change = (old: string) => here.call('PATCH', '/me', { password: { old, new: 'outra senha bem comprida' } });
        expect(await change('not it at all')).toMatchObject({ status: 401 });
        expect((await there.call('GET', '/me')).status).toBe(200);
        expect((await change(goodPassword)).status).toBe(200);
        expect((await here.call('GET', '/me')).status).toBe(200);
        expect((await there.call('GET', '/me')).status).toBe(401);
        await app.signIn('ana', 'outra senha bem comprida');
      });

      test('the last admin cannot be removed, disabled or made less', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        const admin = await app.setUp();
        for (const change of [{ role: 'viewer' }, { state: 'disabled' }])
          expect(await admin.call('PATCH', '/people/ana', change)).toMatchObject({ status: 409, ...problem('conflict') });
        expect(await admin.call('DELETE', '/people/ana')).toMatchObject({ status: 409 });
        await app.addPerson(admin, 'bia', 'admin');
        expect((await admin.call('DELETE', '/people/ana')).status).toBe(204);
        expect(app.access.people.list().map(({ name }) => name)).toEqual(['bia']);
        expect((await admin.call('GET', '/me')).status).toBe(401);
      });
    });

    describe('passkeys', () => {
      const site = 'http://localhost:80';
      async function addPasskey(visitor: Visitor) {
        const authenticator = createSoftAuthenticator();
        const { options } = (await visitor.call('POST', '/me/passkeys/options', { password: goodPassword })).body;
        const credential = authenticator.create(options, site);
        return { authenticator, credential, added: await visitor.call('POST', '/me/passkeys', { name: 'stick', credential }) };
      }
      const begin = async (visitor: Visitor) => (await visitor.call('POST', '/sessions/passkey/options', {})).body.options;
      const signIn = (visitor: Visitor, credential: unknown) => visitor.call('POST', '/sessions/passkey', { credential });

      test('sign a person in, until they are forgotten or taken away', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        const ana = await app.setUp();
        const { authenticator, added } = await addPasskey(ana);
        expect(added).toMatchObject({ status: 201, body: { id: authenticator.id, name: 'stick', host: 'localhost', lastUsedAt: null } });
        const visitor = app.visit();
        expect((await signIn(visitor, authenticator.get(await begin(visitor), site))).body).toMatchObject({ name: 'ana', role: 'admin' });
        expect((await visitor.call('GET', '/me/passkeys')).body.passkeys).toMatchObject([{ lastUsedAt: expect.any(String) }]);
        expect((await visitor.call('DELETE', `/me/passkeys/${authenticator.id}`)).status).toBe(204);
        expect((await signIn(app.visit(), authenticator.get(await begin(visitor), site))).status).toBe(401);
        expect((await visitor.call('DELETE', `/me/passkeys/${authenticator.id}`)).status).toBe(404);

        const bia = await app.addPerson(ana, 'bia', 'viewer');
        const other = await addPasskey(bia);
        expect((await ana.call('DELETE', `/me/passkeys/${other.authenticator.id}`)).status).toBe(404);
        await ana.call('POST', '/people/bia/reset-password');
        expect((await signIn(app.visit(), other.authenticator.get(await begin(visitor), site))).status).toBe(401);
      });

      test('prove nothing twice, elsewhere, without their owner, for somebody else, or as a copy', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        const ana = await app.setUp();
        const bia = await app.addPerson(ana, 'bia', 'viewer');
        const { authenticator, credential } = await addPasskey(ana);
        const visitor = app.visit();
        let tries = 0; // each from elsewhere: what one address may try is bounded
        const refused = async (answer: unknown) =>
          expect(await signIn(app.visit(`10.0.0.${++tries}`), answer)).toMatchObject({ status: 401, ...problem('credentials_invalid') });

        const used = authenticator.get(await begin(visitor), site);
        expect((await signIn(app.visit(), used)).status).toBe(201);
        await refused(used);
        await refused(authenticator.get(await begin(visitor), 'http://evil.example'));
        await refused(authenticator.get({ ...(await begin(visitor)), rpId: 'evil.example' }, site));
        await refused(authenticator.get(await begin(visitor), site, false));
        await refused(authenticator.get({ challenge: 'a'.repeat(43), rpId: 'localhost' }, site));
        await refused(createSoftAuthenticator().get(await begin(visitor), site));
        const late = await begin(visitor);
        await app.clock.advance(5 * 60_000);
        await refused(authenticator.get(late, site));
        authenticator.setCounter(0);
        await refused(authenticator.get(await begin(visitor), site)); // it counted further before: this one is a copy

        expect((await ana.call('POST', '/me/passkeys', { credential })).status).toBe(401);
        const { options } = (await ana.call('POST', '/me/passkeys/options', { password: goodPassword })).body;
        expect((await bia.call('POST', '/me/passkeys', { credential: createSoftAuthenticator().create(options, site) })).status).toBe(401);
        expect((await ana.call('POST', '/me/passkeys/options', { password: 'not the password' })).status).toBe(401);
        await ana.call('PATCH', '/people/bia', { state: 'disabled' });
      });

      test('are told about where they cannot work', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        const answer = await app.visit().call('POST', '/sessions/passkey/options', {}, { host: '127.0.0.1:3000' });
        expect(answer.body).toMatchObject({ code: 'unsupported_feature', hint: expect.stringContaining('localhost') });
      });
    });

    describe('tokens', () => {
      const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
      async function openTokens(database: Database) {
        const app = await openPeopleApp(database);
        const admin = await app.setUp();
        const issue = async () => (await app.visit().call('POST', '/tokens', { name: 'ana', password: goodPassword })).body;
        const me = (token: string) => app.visit().call('GET', '/me', undefined, bearer(token));
        const refresh = (refreshToken: string) => app.visit().call('POST', '/tokens/refresh', { refreshToken });
        return { app, admin, issue, me, refresh, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
      }

      test('let a program in for ten minutes, and then by a refresh', async () => {
        await using database = await open();
        await using opened = await openTokens(database);
        const { app, admin, issue, me, refresh } = opened;
        const first = await issue();
        expect(first).toMatchObject({ tokenType: 'Bearer', expiresInSeconds: 600 });
        expect((await me(first.accessToken)).body).toMatchObject({ name: 'ana', role: 'admin', csrfToken: null });
        expect((await app.visit().call('PATCH', '/me', { displayName: 'Ana' }, bearer(first.accessToken))).status).toBe(200);
        await app.clock.advance(600_000);
        expect((await me(first.accessToken)).status).toBe(401);
        const second = (await refresh(first.refreshToken)).body;
        expect((await me(second.accessToken)).status).toBe(200);
        expect((await admin.call('GET', '/sessions')).body.sessions.map(({ kind }: { kind: string }) => kind)).toEqual([
          'browser',
          'tokens',
        ]);
        await app.visit().call('POST', '/tokens/revoke', { refreshToken: second.refreshToken });
        expect(await me(second.accessToken)).toMatchObject(problem('session_ended'));
      });

      test('attack 30: a refresh token that is used twice ends its family', async () => {
        await using database = await open();
        await using opened = await openTokens(database);
        const { issue, me, refresh } = opened;
        const [first, other] = [await issue(), await issue()];
        const second = (await refresh(first.refreshToken)).body;
        expect(await refresh(first.refreshToken)).toMatchObject({ status: 401, ...problem('session_ended') });
        expect(await refresh(second.refreshToken)).toMatchObject({ status: 401, ...problem('session_ended') });
        expect((await me(second.accessToken)).status).toBe(401);
        expect((await me(other.accessToken)).status).toBe(200);
        const both = await Promise.all([refresh(other.refreshToken), refresh(other.refreshToken)]);
        expect(both.map(({ status }) => status).sort()).toEqual([200, 401]);
        expect((await me(other.accessToken)).status).toBe(401);
      });

      test('attack 30: nobody ends a family without having had a token of it', async () => {
        await using database = await open();
        await using opened = await openTokens(database);
        const { issue, refresh } = opened;
        const { refreshToken, accessToken } = await issue();
        const [id, family] = refreshToken.split('.');
        const guesses = [
          `${id}.${'a'.repeat(43)}.${'b'.repeat(43)}`,
          `${id}.${family}`,
          accessToken,
          '',
          'x'.repeat(300),
          `${id}.${family}.' or 1=1 --`,
        ];
        for (const guess of guesses) expect((await refresh(guess)).status).toBeGreaterThanOrEqual(400);
        expect((await refresh(refreshToken)).status).toBe(200);
      });

      test('attack 30: forged, foreign, bent and misused access tokens are nobody’s', async () => {
        await using database = await open();
        await using opened = await openTokens(database);
        const { app, issue, me } = opened;
        const { accessToken, refreshToken } = await issue();
        const { decodeJwt, decodeProtectedHeader, generateKeyPair, exportJWK, SignJWT } = await import('jose');
        const claims = decodeJwt(accessToken);
        const { kid = '' } = decodeProtectedHeader(accessToken);
        const own = await generateKeyPair('EdDSA', { extractable: true });
        const { public_json } = await database.query.selectFrom('token_keys').selectAll().executeTakeFirstOrThrow();
        const text = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
        const [head = '', body = '', signature = ''] = accessToken.split('.');
        const forge = (header: Record<string, unknown>, more: Record<string, unknown> = {}) =>
          new SignJWT({ ...claims, ...more }).setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', ...header }).sign(own.privateKey);
        const byPublicKey = (secret: string) =>
          new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid }).sign(new TextEncoder().encode(secret));
        const publicJwk = await exportJWK(own.publicKey);
        const bad = [
          `${text({ alg: 'none', typ: 'at+jwt', kid })}.${body}.`,
          `${text({ alg: 'none', typ: 'at+jwt', kid })}.${body}.${signature}`,
          await byPublicKey(public_json),
          await byPublicKey(JSON.parse(public_json).x),
          await forge({ kid }),
          await forge({ kid: '../../../../dev/null' }),
          await forge({ kid: "x' union select 'a" }),
          await forge({ kid, jwk: publicJwk }),
          await forge({ jku: 'http://127.0.0.1:1/keys', kid: 'mine' }),
          await forge({ kid }, { exp: 99_999_999_999 }),
          `${head}.${text({ ...claims, sub: 'person_other' })}.${signature}`,
          `${accessToken}x`,
          refreshToken,
          `${head}.${body}.${signature.slice(0, -2)}`,
        ];
        for (const token of bad) expect((await me(token)).status, token).toBe(401);
        expect((await app.visit().call('GET', '/me', undefined, bearer('x'.repeat(1_000_000)))).status).toBeGreaterThanOrEqual(400);
        expect((await me(accessToken)).status).toBe(200);
        expect((await app.visit().call('GET', '/me', undefined, { cookie: `cai_session=${accessToken}` })).status).toBe(401);
      });

      test('attack 30: a token of another cluster, even with the same keys, is nobody’s', async () => {
        await using database = await open();
        await using opened = await openTokens(database);
        const { issue, me, app } = opened;
        const { accessToken } = await issue();
        const { SignJWT, decodeJwt, decodeProtectedHeader } = await import('jose');
        const keys = createTokenKeys({ database, secrets: app.secrets, clock: app.clock });
        const { key } = await keys.forSigning();
        const resign = (change: Record<string, unknown>, header: Record<string, unknown> = {}) =>
          new SignJWT({ ...decodeJwt(accessToken), ...change })
            .setProtectedHeader({ ...decodeProtectedHeader(accessToken), alg: 'EdDSA', ...header })
            .sign(key);
        expect((await me(await resign({}))).status).toBe(200); // the key is the right one
        const now = Math.floor(app.clock.now() / 1000);
        for (const change of [
          { iss: 'urn:cluster-ai:other' },
          { aud: 'other' },
          { nbf: now + 60 },
          { exp: now },
          { iat: now - 700 },
          { jti: undefined },
          { sid: undefined },
        ])
          expect((await me(await resign(change))).status, JSON.stringify(change)).toBe(401);
        expect((await me(await resign({}, { typ: 'JWT' }))).status).toBe(401);
      });

      test('are signed and refreshed with the same key after the master key and the data key were replaced', async () => {
        await using database = await open();
        await using opened = await openTokens(database);
        const { app, issue, me, refresh } = opened;
        const before = await issue();
        await using restarted = await openPeopleApp(database, { clock: app.clock, given: { key: newTestKey(), previousKey: testKey } });
        const meAgain = (token: string) => restarted.visit().call('GET', '/me', undefined, bearer(token));
        expect((await meAgain(before.accessToken)).status).toBe(200); // has read the sealed key, and not opened it
        await replaceKeys(restarted.secrets);
        expect((await me(before.accessToken)).status).toBe(200);
        const refreshed = (await refresh(before.refreshToken)).body;
        const again = await restarted.visit().call('POST', '/tokens/refresh', { refreshToken: refreshed.refreshToken });
        const { accessToken } = again.body;
        expect((await me(accessToken)).status).toBe(200);
        const { decodeProtectedHeader } = await import('jose');
        expect(decodeProtectedHeader(accessToken).kid).toBe(decodeProtectedHeader(before.accessToken).kid);
        const [key] = await database.query.selectFrom('token_keys').selectAll().execute();
        expect(readSealHeader(key?.sealed ?? new Uint8Array())).toEqual({ purpose: 'tokens', version: 2 });
      });

      test('attack 29: a role that changes and a person who is disabled are noticed by the next request', async () => {
        await using database = await open();
        await using opened = await openTokens(database);
        const { app, admin } = opened;
        await app.addPerson(admin, 'bia', 'admin');
        const { body } = await app.visit().call('POST', '/tokens', { name: 'bia', password: goodPassword });
        const people = () => app.visit().call('GET', '/people', undefined, bearer(body.accessToken));
        expect((await people()).status).toBe(200);
        await admin.call('PATCH', '/people/bia', { role: 'viewer' });
        expect((await people()).status).toBe(403);
        await admin.call('PATCH', '/people/bia', { state: 'disabled' });
        expect((await people()).status).toBe(401);
        expect((await app.visit().call('POST', '/tokens/refresh', { refreshToken: body.refreshToken })).status).toBe(401);
      });
    });

    describe('codes of an authenticator app', () => {
      async function enrol(app: Awaited<ReturnType<typeof openPeopleApp>>, visitor: Visitor) {
        const { body } = await visitor.call('POST', '/me/totp');
        const codeNow = () => appCode(body.secret, app.clock.now());
        return { seed: body, codeNow };
      }

      test('are asked for once they were confirmed, and each is good for one sign-in', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        const ana = await app.setUp();
        const { seed, codeNow } = await enrol(app, ana);
        expect(seed.uri).toMatch(/^otpauth:\/\/totp\/Cluster%20AI%20\(lab\):ana\?/i);
        await app.signIn('ana'); // not yet
        expect((await ana.call('POST', '/me/totp/confirm', { code: '000000' })).status).toBe(401);
        const { recoveryCodes } = (await ana.call('POST', '/me/totp/confirm', { code: codeNow() })).body;
        expect(recoveryCodes).toHaveLength(10);
        const signIn = (code?: string) =>
          app.visit().call('POST', '/sessions', { name: 'ana', password: goodPassword, ...(code ? { code } : {}) });
        expect(await signIn()).toMatchObject({ status: 401, ...problem('second_factor_required') });
        expect(await signIn(codeNow())).toMatchObject({ status: 401, ...problem('credentials_invalid') }); // the one that confirmed
        await app.clock.advance(30_000);
        const code = codeNow();
        const both = await Promise.all([signIn(code), signIn(code)]);
        expect(both.map(({ status }) => status).sort()).toEqual([201, 401]);
        await app.clock.advance(60_000);
        expect((await signIn(recoveryCodes[3].toUpperCase())).status).toBe(201);
        expect((await signIn(recoveryCodes[3])).status).toBe(401);
        const rows = await database.query.selectFrom('totp_seeds').selectAll().execute();
        expect(Buffer.from(rows[0]?.seed ?? []).toString('latin1')).not.toContain(seed.secret);
      });

      test('are right after the master key and the data key were replaced', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        const ana = await app.setUp();
        const { codeNow } = await enrol(app, ana);
        await replaceKeys(app.secrets); // also between the seed and its confirmation
        expect((await ana.call('POST', '/me/totp/confirm', { code: codeNow() })).status).toBe(200);
        await using restarted = await openPeopleApp(database, { clock: app.clock, given: { key: newTestKey(), previousKey: testKey } });
        await replaceKeys(restarted.secrets);
        await app.clock.advance(30_000);
        const signIn = (code: string) => restarted.visit().call('POST', '/sessions', { name: 'ana', password: goodPassword, code });
        expect((await signIn(codeNow())).status).toBe(201);
        const [row] = await database.query.selectFrom('totp_seeds').selectAll().execute();
        expect(readSealHeader(row?.seed ?? new Uint8Array())).toEqual({ purpose: 'totp', version: 3 });
      });

      test('attack 31: guesses of codes are slowed down from all addresses together', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        const ana = await app.setUp();
        const { codeNow } = await enrol(app, ana);
        await ana.call('POST', '/me/totp/confirm', { code: codeNow() });
        const guess = (i: number) =>
          app.visit(`10.0.0.${i}`).call('POST', '/sessions', { name: 'ana', password: goodPassword, code: '000000' });
        const statuses = [];
        for (let i = 0; i < 20; i++) statuses.push((await guess(i)).status);
        expect(statuses.filter((status) => status === 401)).toHaveLength(4);
        expect(statuses.at(-1)).toBe(429);
      });

      test('are switched off with the password only', async () => {
        await using database = await open();
        await using app = await openPeopleApp(database);
        const ana = await app.setUp();
        const { codeNow } = await enrol(app, ana);
        await ana.call('POST', '/me/totp/confirm', { code: codeNow() });
        expect((await ana.call('POST', '/me/totp')).status).toBe(409);
        expect((await ana.call('POST', '/me/totp/disable', { password: 'not it' })).status).toBe(401);
        expect((await ana.call('POST', '/me/totp/disable', { password: goodPassword })).status).toBe(204);
        await app.signIn('ana', goodPassword, '10.3.3.3');
      });
    });
  });
});
