import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configShape, type Role } from '@cluster-ai/contracts';
import { silentLogger } from '@cluster-ai/runtime';
import { exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createOutgoingClient } from '../../outgoing/outgoing-client.ts';
import type { Database } from '../../stores/database.ts';
import { openDatabase } from '../../stores/open-database.ts';
import { openPeopleApp, type PeopleApp, type Visitor } from '../people/testing/open-people-app.ts';
import { createNamedSecrets, type NamedSecrets } from '../secrets/named-secrets.ts';
import { createOidc } from './oidc.ts';
import { type Claims, toIdentity, toRole } from './read-claims.ts';
import { type Browser, createBrowser } from './testing/browser.ts';
import { clientId, startProvider, type TestProvider } from './testing/start-provider.ts';

const folder = mkdtempSync(join(tmpdir(), 'cai-oidc-'));
beforeAll(() => {
  for (const level of ['info', 'warn'] as const) vi.spyOn(console, level).mockImplementation(() => {}); // the provider says that it is for tests
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
const clientSecret = 'what the provider knows us by';
const roles = { 'cluster-admins': 'admin', staff: 'developer', guests: 'viewer' };

interface Scene extends AsyncDisposable {
  readonly app: PeopleApp;
  readonly database: Database;
  readonly named: NamedSecrets;
  readonly provider: TestProvider;
  readonly url: string;
  /** Begins at our page and comes to the address by which the provider sends the browser back. */
  leave(browser: Browser, login: string, change?: (url: URL) => void): Promise<string>;
  /** The whole way: the session, or the code of the problem that the sign-in page shows. */
  signIn(login: string, browser?: Browser): Promise<{ readonly me?: Claims; readonly problem?: string; readonly browser: Browser }>;
  come(browser: Browser, callback: string): Promise<{ readonly me?: Claims; readonly problem?: string }>;
}

/** A cluster with a first admin called ana, and a provider that knows some people. */
async function openScene({ isAllowed = true, isSetUp = true } = {}): Promise<Scene & { readonly ana: Visitor }> {
  const database = await openDatabase({ url: '', folder: { database: join(folder, `${count++}.db`) }, log: silentLogger });
  const provider = await startProvider(clientSecret);
  const hosts = isAllowed ? [provider.host] : [];
  const app = await openPeopleApp(database, {
    makeOidc: ({ external, secrets, clock }) => {
      const config = configShape.parse({
        access: {
          oidc: {
            issuer: provider.issuer,
            clientId,
            clientSecret: 'oidc',
            scopes: ['profile', 'email', 'groups'],
            roles,
          },
        },
      }).access.oidc;
      if (config === undefined) throw new Error('That configuration has a provider.');
      const outgoing = createOutgoingClient({ policy: { allowedHosts: hosts, plainHosts: [provider.host] } });
      return createOidc({
        database,
        config,
        outgoing,
        readSecret: (name) => createNamedSecrets({ database, secrets, clock }).get(name),
        external,
        clock,
        log: silentLogger,
      });
    },
  });
  const named = createNamedSecrets({ database, secrets: app.secrets, clock: app.clock });
  await named.put('oidc', { value: clientSecret, purpose: 'oidc' });
  const url = await app.listen();
  provider.callbackUrl = `${url}/api/v1/sign-in/oidc/callback`;
  const ana = isSetUp ? await app.setUp('ana') : app.visit();
  const person = (name: string, groups: readonly string[], more = {}) =>
    provider.accounts.set(name, { preferred_username: name, name, groups, ...more });
  person('bia', ['staff', 'guests'], { name: 'Bia \u202eSilva', email: 'bia@lab.example', email_verified: true });
  person('caio', ['cluster-admins']);
  person('davi', ['constructor', '__proto__', 'elsewhere'], { email: 'ana@lab.example', email_verified: false });
  person('ana', ['staff']);

  async function leave(browser: Browser, login: string, change: (url: URL) => void = () => {}): Promise<string> {
    const start = await browser.open(`${url}/api/v1/sign-in/oidc/start`);
    const location = new URL(start.headers.get('location') ?? '', url);
    change(location);
    if (location.origin === url) return location.href;
    return browser.goUntil(location.href, `${url}/`, login);
  }
  async function come(browser: Browser, callback: string) {
    const end = callback.includes('problem=') ? callback : (await browser.open(callback)).headers.get('location');
    const problem = new URL(end ?? '', url).searchParams.get('problem');
    if (problem !== null) return { problem };
    return { me: (await (await browser.open(`${url}/api/v1/me`)).json()) as Claims };
  }
  return {
    app,
    database,
    named,
    provider,
    url,
    ana,
    leave,
    come,
    signIn: async (login, browser = createBrowser()) => ({ ...(await come(browser, await leave(browser, login))), browser }),
    [Symbol.asyncDispose]: async () => {
      await app[Symbol.asyncDispose]();
      await provider[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

const roleOf = ({ app }: Scene, name: string): Role | undefined => app.access.people.list().find((person) => person.name === name)?.role;

function sendJson(response: ServerResponse, value: unknown): true {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
  return true;
}

test('somebody whom the provider knows comes in, with the role of the group, and is the same person the next time', async () => {
  await using scene = await openScene();
  const { me, browser } = await scene.signIn('bia');
  expect(me).toMatchObject({
    kind: 'person',
    name: 'bia',
    role: 'developer',
    person: { displayName: 'Bia Silva', email: 'bia@lab.example', hasPassword: false },
  });
  expect([...browser.cookies(scene.url).keys()]).toEqual(['cai_session']);
  const again = await scene.signIn('bia');
  expect(again.me?.['id']).toBe(me?.['id']);
  expect(scene.app.access.people.count()).toBe(2);
  expect(scene.app.acts.map(({ action }) => action)).toContain('GET /api/v1/sign-in/oidc/callback');
  const options = await (await browser.open(`${scene.url}/api/v1/sign-in`)).json();
  expect(options).toEqual({ oidc: { label: 'SSO' }, mail: false });
});

test('who has no group with a role is not let in, whatever the groups are called', async () => {
  await using scene = await openScene();
  expect(await scene.signIn('davi')).toMatchObject({ problem: 'role_missing' });
  expect(scene.app.access.people.count()).toBe(1);
});

test('nobody becomes somebody else by being called the same', async () => {
  await using scene = await openScene();
  const { me } = await scene.signIn('ana');
  expect(me).toMatchObject({ name: 'ana-2', role: 'developer' });
  expect(roleOf(scene, 'ana')).toBe('admin');
});

test('the first admin does not come from a provider', async () => {
  await using scene = await openScene({ isSetUp: false });
  expect(await scene.signIn('caio')).toMatchObject({ problem: 'sign_in_refused' });
  expect(scene.app.access.people.isSetupOpen()).toBe(true);
});

test('attack 29: the role follows the groups, and who left them all is signed out everywhere', async () => {
  await using scene = await openScene();
  const { browser } = await scene.signIn('bia');
  scene.provider.accounts.set('bia', { preferred_username: 'bia', groups: ['cluster-admins'] });
  expect((await scene.signIn('bia')).me).toMatchObject({ name: 'bia', role: 'admin' });
  scene.provider.accounts.set('bia', { preferred_username: 'bia', groups: 'guests' });
  expect((await scene.signIn('bia')).me).toMatchObject({ name: 'bia', role: 'viewer' });
  scene.provider.accounts.set('bia', { preferred_username: 'bia' });
  expect(await scene.signIn('bia')).toMatchObject({ problem: 'role_missing' });
  expect((await browser.open(`${scene.url}/api/v1/me`)).status).toBe(401);
});

test('the last admin stays one, whatever the groups say', async () => {
  await using scene = await openScene();
  await scene.signIn('caio');
  await scene.ana.call('PATCH', '/people/ana', { role: 'viewer' });
  scene.provider.accounts.set('caio', { preferred_username: 'caio', groups: ['guests'] });
  expect((await scene.signIn('caio')).me).toMatchObject({ name: 'caio', role: 'admin' });
  await scene.app.access.people.update('ana', { role: 'admin' });
  expect((await scene.signIn('caio')).me).toMatchObject({ name: 'caio', role: 'viewer' });
});

test('who is disabled here is not let in', async () => {
  await using scene = await openScene();
  await scene.signIn('bia');
  await scene.ana.call('PATCH', '/people/bia', { state: 'disabled' });
  expect(await scene.signIn('bia')).toMatchObject({ problem: 'sign_in_refused' });
});

describe('what the provider sends back', () => {
  test('is good for the browser that began, once, and with the state of the start', async () => {
    await using scene = await openScene();
    const browser = createBrowser();
    const callback = await scene.leave(browser, 'bia');
    const wrong = new URL(callback);
    wrong.searchParams.set('state', 'A'.repeat(43));
    expect(await scene.come(browser, wrong.href)).toEqual({ problem: 'sign_in_expired' });

    const own = createBrowser();
    const stolen = await scene.leave(own, 'bia');
    const victim = createBrowser(); // an attacker has somebody else open the way back
    expect(await scene.come(victim, stolen)).toEqual({ problem: 'sign_in_expired' });
    expect(await scene.come(own, stolen)).toEqual({ problem: 'sign_in_expired' }); // and it is used up by that

    const third = createBrowser();
    const back = await scene.leave(third, 'bia');
    const cookie = third.cookies(scene.url).get('cai_sign_in') ?? '';
    expect(await scene.come(third, back)).toMatchObject({ me: { name: 'bia' } });
    const replayed = await third.open(back, { headers: { cookie: `cai_sign_in=${cookie}` } });
    expect(replayed.headers.get('location')).toBe('/ui/sign-in?problem=sign_in_expired');
  });

  test('is too old after five minutes', async () => {
    await using scene = await openScene();
    const browser = createBrowser();
    const callback = await scene.leave(browser, 'bia');
    await scene.app.clock.advance(300_000);
    expect(await scene.come(browser, callback)).toEqual({ problem: 'sign_in_expired' });
  });

  test('is worth nothing with a code that was used, guessed, or is for another sign-in', async () => {
    await using scene = await openScene();
    const [mine, other] = [createBrowser(), createBrowser()];
    const used = new URL(await scene.leave(mine, 'bia'));
    await scene.come(mine, used.href);
    const open = new URL(await scene.leave(other, 'caio'));
    for (const code of [used.searchParams.get('code') ?? '', 'guessed', open.searchParams.get('code') ?? '']) {
      const back = new URL(await scene.leave(mine, 'bia'));
      back.searchParams.set('code', code);
      expect(await scene.come(mine, back.href)).toEqual({ problem: 'sign_in_refused' });
    }
  });

  test('with another nonce proves nobody', async () => {
    await using scene = await openScene();
    const browser = createBrowser();
    const callback = await scene.leave(browser, 'bia', (url) => url.searchParams.set('nonce', 'of another sign-in'));
    expect(await scene.come(browser, callback)).toEqual({ problem: 'sign_in_refused' });
  });

  test('cannot be redeemed without the verifier of the start, and without a challenge there is no code', async () => {
    await using scene = await openScene();
    const [mine, other] = [createBrowser(), createBrowser()];
    const challenge = new URL((await (await mine.open(`${scene.url}/api/v1/sign-in/oidc/start`)).headers.get('location')) ?? '');
    expect(challenge.searchParams.get('code_challenge_method')).toBe('S256');
    const without = await scene.leave(mine, 'bia', (url) => {
      url.searchParams.delete('code_challenge');
      url.searchParams.delete('code_challenge_method');
    });
    expect(new URL(without).searchParams.get('error')).toBe('invalid_request');
    expect(await scene.come(mine, without)).toEqual({ problem: 'sign_in_refused' });

    const stolen = new URL(await scene.leave(other, 'bia'));
    const redeemed = await fetch(`${scene.provider.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${encodeURIComponent(clientSecret)}`).toString('base64')}` },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code: stolen.searchParams.get('code') ?? '',
        redirect_uri: `${scene.url}/api/v1/sign-in/oidc/callback`,
      }),
    });
    expect([redeemed.status, await redeemed.json()]).toMatchObject([400, { error: 'invalid_grant' }]);
  });

  test('names the provider that was asked', async () => {
    await using scene = await openScene();
    const browser = createBrowser();
    const callback = new URL(await scene.leave(browser, 'bia'));
    callback.searchParams.set('iss', 'https://another.example');
    expect(await scene.come(browser, callback.href)).toEqual({ problem: 'sign_in_refused' });
  });
});

describe('a provider', () => {
  test('that names itself otherwise is not used', async () => {
    await using scene = await openScene();
    scene.provider.lie = (request, response) =>
      request.url?.startsWith('/.well-known/') === true &&
      sendJson(response, {
        issuer: 'https://another.example',
        authorization_endpoint: `${scene.provider.issuer}/auth`,
        token_endpoint: `${scene.provider.issuer}/token`,
        jwks_uri: `${scene.provider.issuer}/jwks`,
      });
    expect(await scene.signIn('bia')).toMatchObject({ problem: 'sign_in_refused' });
  });

  test('whose keys did not sign what it says proves nobody', async () => {
    await using scene = await openScene();
    const { publicKey } = await generateKeyPair('RS256');
    const jwk = await exportJWK(publicKey);
    scene.provider.lie = (request, response) =>
      request.url === '/jwks' && sendJson(response, { keys: [{ ...jwk, alg: 'RS256', use: 'sig' }] });
    expect(await scene.signIn('bia')).toMatchObject({ problem: 'sign_in_refused' });
  });

  test('attack 8: at an inner address is called only where the configuration names it', async () => {
    await using scene = await openScene({ isAllowed: false });
    expect(await scene.signIn('bia')).toMatchObject({ problem: 'address_refused' });
  });

  test('attack 9: that sends us on to an inner address is not followed', async () => {
    await using scene = await openScene();
    let asked = 0;
    scene.provider.lie = (request, response) => {
      if (request.url === '/inner') asked++;
      if (request.url?.startsWith('/.well-known/') !== true) return false;
      response.writeHead(302, { location: '/inner' }).end();
      return true;
    };
    expect(await scene.signIn('bia')).toMatchObject({ problem: 'sign_in_refused' });
    expect(asked).toBe(0);
  });

  test('that is gone is said to be', async () => {
    await using scene = await openScene();
    await scene.provider[Symbol.asyncDispose]();
    expect(await scene.signIn('bia')).toMatchObject({ problem: 'remote_failed' });
  });

  test('knows us by a secret: the one that is kept now, not an earlier one', async () => {
    await using scene = await openScene();
    await scene.named.put('oidc', { value: 'an earlier one' });
    expect(await scene.signIn('bia')).toMatchObject({ problem: 'sign_in_refused' });
    await scene.named.put('oidc', { value: clientSecret });
    expect((await scene.signIn('bia')).me).toMatchObject({ name: 'bia' });
    await scene.named.remove('oidc');
    expect(await scene.signIn('bia')).toMatchObject({ problem: 'secret_not_found' });
  });
});

test('of several groups the one counts that may most', () => {
  const mapping = { a: 'viewer', b: 'operator', c: 'developer' } as const;
  expect(toRole(['a', 'b', 'c', 'd'], mapping)).toBe('operator');
  expect(toRole(['toString', '__proto__', 'constructor'], mapping)).toBeUndefined();
});

test('an address that the provider has not verified is not believed, and no claim is taken on trust', () => {
  const config = { issuer: 'https://idp.example', groupsClaim: 'groups', roles: {} } as Parameters<typeof toIdentity>[1];
  const claims = { sub: '1', email: 'x@y.example', name: { toString: () => 'x' }, groups: { 0: 'admin' }, preferred_username: 7 };
  expect(toIdentity(claims, config)).toEqual({
    issuer: 'https://idp.example',
    subject: '1',
    name: '',
    displayName: '',
    email: null,
    role: undefined,
  });
  expect(toIdentity({ ...claims, email_verified: 'true' }, config).email).toBeNull();
  expect(toIdentity({ ...claims, email_verified: true }, config)).toMatchObject({ email: 'x@y.example', name: 'x' });
});
