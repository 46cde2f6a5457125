import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@cluster-ai/runtime';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLinkLetters } from '../../mail/link-letters.ts';
import type { PostedLetter } from '../../mail/outbox.ts';
import type { Database } from '../../stores/database.ts';
import { openDatabase } from '../../stores/open-database.ts';
import { createForgottenPasswords } from './forgotten-passwords.ts';
import { appCode } from './testing/app-code.ts';
import { goodPassword, openPeopleApp, type PeopleApp, type Visitor } from './testing/open-people-app.ts';

const folder = mkdtempSync(join(tmpdir(), 'cai-forgotten-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let database: Database;
let app: PeopleApp;
let sent: PostedLetter[];
let ana: Visitor;
let bia: Visitor;
let count = 0;

const openApp = (attemptsPerMinute: number) =>
  openPeopleApp(database, {
    attemptsPerMinute,
    makeMail: ({ directory, clock }) => {
      const post = { prepare: async (letter: PostedLetter) => ({ store: async () => {}, begin: () => void sent.push(letter) }) };
      const letters = createLinkLetters({ post, mail: { language: 'en', address: 'https://lab.example' }, clusterName: 'lab' });
      const acts = { run: <T>(_act: unknown, work: () => Promise<T>) => work() };
      return { letters, forgotten: createForgottenPasswords({ directory, letters, acts, clock, log: silentLogger }) };
    },
  });

beforeEach(async () => {
  database = await openDatabase({ url: '', folder: { database: join(folder, `${count++}.db`) }, log: silentLogger });
  sent = [];
  app = await openApp(1000);
  ana = await app.setUp();
  bia = await app.addPerson(ana, 'bia', 'developer');
  await bia.call('PATCH', '/me', { email: 'bia@example.org', currentPassword: goodPassword });
});
afterEach(async () => {
  await app[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const ask = (person: string, more: object = {}) => app.visit('192.0.2.7').call('POST', '/passwords/forgotten', { person, ...more });
const arrived = (many: number) => vi.waitFor(() => expect(sent).toHaveLength(many), { timeout: 30_000 });
const tokenOf = ({ url }: PostedLetter) => new URL(url).hash.slice(1);
const choose = (letter: PostedLetter | undefined, more: object = {}) =>
  app.visit().call('POST', '/passwords/choose', { token: letter && tokenOf(letter), password: 'outra senha bem comprida', ...more });

test('a link goes to the address that the person has here, by name or address, in the language of who asks', async () => {
  expect((await ask('BIA', { language: 'pt-BR' })).status).toBe(204);
  await arrived(1);
  expect(sent[0]).toMatchObject({ kind: 'forgotten', to: 'bia@example.org', language: 'pt-BR', personName: 'bia' });
  expect(sent[0]?.url).toMatch(/^https:\/\/lab\.example\/ui\/password#/);
  expect((await app.visit().call('POST', '/sessions', { name: 'bia', password: goodPassword })).status, 'nothing changes before').toBe(201);
  expect(await choose(sent[0])).toMatchObject({ status: 200, body: { name: 'bia' } });
  expect((await choose(sent[0])).status).toBe(401);
  expect((await bia.call('GET', '/me')).status, 'the other sessions have ended').toBe(401);
});

test('attack 31: the answer is the same whoever that is, and comes before anything is looked up', async () => {
  const answers = [];
  for (const person of ['bia', 'bia@example.org', 'nobody', 'x@example.org', 'ana']) {
    const { status, body, headers } = await ask(person);
    const { date: _date, 'x-request-id': _id, ...rest } = headers;
    answers.push(JSON.stringify({ status, body, rest }));
  }
  expect(new Set(answers).size).toBe(1);
  await arrived(1);
  app.access.directory.list = () => {
    throw new Error('looked up');
  };
  expect((await ask('bia')).status, 'even when looking up fails').toBe(204);
});

test('attack 31: nobody’s mailbox is filled, and asking is as slow as guessing', async () => {
  for (let tries = 0; tries < 10; tries++) await ask('bia');
  await arrived(1);
  await app.clock.advance(5 * 60_000);
  await ask('bia@example.org');
  await arrived(2);
  expect((await choose(sent[0])).status, 'the newer link takes the place of the older').toBe(401);
  expect((await choose(sent[1])).status).toBe(200);
});

test('attack 31: from one address one may ask five times in a minute, although each is answered well', async () => {
  await using slow = await openApp(5);
  const answers = [];
  for (let tries = 0; tries < 7; tries++) answers.push((await slow.visit().call('POST', '/passwords/forgotten', { person: 'x' })).status);
  expect(answers).toEqual([204, 204, 204, 204, 204, 429, 429]);
});

test('a cluster that sends no mail says so', async () => {
  await using silent = await openPeopleApp(database);
  expect((await silent.visit().call('GET', '/sign-in')).body).toEqual({ oidc: null, mail: false });
  expect((await silent.visit().call('POST', '/passwords/forgotten', { person: 'bia' })).body).toMatchObject({
    code: 'unsupported_feature',
  });
  expect((await app.visit().call('GET', '/sign-in')).body).toEqual({ oidc: null, mail: true });
});

test('a link that somebody asked for does not replace the second step', async () => {
  const { secret } = (await bia.call('POST', '/me/totp')).body;
  await bia.call('POST', '/me/totp/confirm', { code: appCode(secret, app.clock.now()) });
  await app.clock.advance(60_000);
  await ask('bia');
  await arrived(1);
  expect((await choose(sent[0])).body).toMatchObject({ code: 'second_factor_required' });
  expect((await choose(sent[0], { code: '000000' })).body).toMatchObject({ code: 'credentials_invalid' });
  await app.clock.advance(60_000);
  expect((await choose(sent[0], { code: appCode(secret, app.clock.now()) })).status).toBe(200);
});

test('who has no password here, no address, or no login any more gets nothing', async () => {
  await app.access.people.create({ name: 'davi', role: 'viewer', displayName: '', email: 'davi@example.org' }, 'system');
  await app.access.people.createService({ name: 'ci', role: 'developer', displayName: '', models: null, limits: {} });
  const caio = await app.addPerson(ana, 'caio', 'viewer');
  await caio.call('PATCH', '/me', { email: 'caio@example.org', currentPassword: goodPassword });
  await ana.call('PATCH', `/people/${(await caio.call('GET', '/me')).body.id}`, { state: 'disabled' });
  for (const person of ['davi', 'ci', 'caio', 'ana', 'davi@example.org']) await ask(person);
  await ask('bia');
  await arrived(1);
  expect(sent.map(({ to }) => to)).toEqual(['bia@example.org']);
});

test('a session alone cannot send those links elsewhere', async () => {
  expect((await bia.call('PATCH', '/me', { email: 'eve@example.org' })).body).toMatchObject({
    code: 'invalid_request',
    param: 'currentPassword',
  });
  expect((await bia.call('PATCH', '/me', { email: 'eve@example.org', currentPassword: 'guessed' })).status).toBe(401);
  expect((await bia.call('PATCH', '/me', { email: 'bia@example.org', displayName: 'Bia' })).status).toBe(200);
  expect((await bia.call('GET', '/me')).body.person).toMatchObject({ email: 'bia@example.org', displayName: 'Bia' });
});

test('an admin’s links go by mail as well, where there is an address, and are shown all the same', async () => {
  const created = await ana.call('POST', '/people', { name: 'davi', email: 'davi@example.org', language: 'pt-BR' });
  expect(created.body.link).toMatchObject({ mailedTo: 'davi@example.org', path: expect.stringMatching(/^\/ui\/password#/) });
  expect((await ana.call('POST', '/people', { name: 'eva' })).body.link).toMatchObject({ mailedTo: null });
  expect((await ana.call('POST', '/people/invitations', { email: 'fabi@example.org' })).body).toMatchObject({
    mailedTo: 'fabi@example.org',
  });
  expect((await ana.call('POST', '/people/bia/reset-password', {})).body).toMatchObject({ mailedTo: 'bia@example.org' });
  expect(sent.map(({ kind, to, language }) => [kind, to, language])).toEqual([
    ['newLogin', 'davi@example.org', 'pt-BR'],
    ['invitation', 'fabi@example.org', 'en'],
    ['reset', 'bia@example.org', 'en'],
  ]);
});
