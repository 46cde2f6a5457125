import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { appCode } from '../../packages/control-plane/src/access/people/testing/app-code.ts';
import { eventually, startCluster, type TestCluster } from '../support/start-cluster.ts';

const password = 'tinta goiaba varal 12';
let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

type Headers = Record<string, string>;
const call = (method: string, path: string, body?: unknown, headers: Headers = {}) =>
  fetch(`${cluster.url}/api/v1${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

/** What a browser would send from now on. */
async function keep(answer: Response): Promise<Headers> {
  expect(answer.status).toBeLessThan(300);
  const { csrfToken } = (await answer.json()) as { csrfToken: string };
  return { cookie: answer.headers.getSetCookie()[0]?.split(';')[0] ?? '', 'x-csrf-token': csrfToken };
}

async function choosePassword(printed: string): Promise<Headers> {
  const { link } = JSON.parse(printed) as { link: { token: string } };
  return keep(await call('POST', '/passwords/choose', { token: link.token, password }));
}

test('people come, what needs no credential ends, and what a person has open ends with the session', async () => {
  const chat = await (await call('POST', '/chats', { model: 'starter', title: 'before anybody' })).json();

  for (const [method, path] of [
    ['GET', '/people'],
    ['GET', '/keys'],
    ['GET', '/config'],
    ['POST', '/models'],
    ['POST', '/backups'],
    ['POST', '/nodes/invitations'],
  ] as const)
    expect([path, (await call(method, path, method === 'POST' ? {} : undefined)).status]).toEqual([path, 403]);

  const ana = await choosePassword((await cluster.cli('users', 'add', 'ana', '--role', 'admin', '--json')).stdout);
  expect(await (await call('GET', '/me', undefined, ana)).json()).toMatchObject({ name: 'ana', role: 'admin' });
  expect((await call('GET', '/models')).status).toBe(200);
  expect((await call('GET', '/people')).status).toBe(403);
  expect((await call('GET', `/chats/${(chat as { id: string }).id}`)).status).toBe(200);

  cluster = await cluster.restart();
  expect(cluster.output()).not.toMatch(/not connected yet/); // the start itself may read what it has to

  const bia = await choosePassword((await cluster.cli('users', 'add', 'bia', '--role', 'viewer', '--json')).stdout);
  expect((await call('GET', '/models')).status).toBe(401);
  expect((await call('GET', '/models', undefined, bia)).status).toBe(200);
  expect((await call('GET', '/people', undefined, bia)).status).toBe(403);

  const events = await call('GET', '/events', undefined, bia);
  const reader = events.body?.getReader();
  await reader?.read();
  const ended = (async () => {
    for (;;) if ((await reader?.read().catch(() => ({ done: true })))?.done) return true;
  })();
  const done = await cluster.cli('users', 'disable', 'bia');
  expect(done.code).toBe(0);
  expect(await eventually('the open event stream ends', () => ended)).toBe(true);
  expect((await call('GET', '/models', undefined, bia)).status).toBe(401);

  expect((await call('DELETE', '/sessions', undefined, { cookie: ana.cookie ?? '' })).status).toBe(403); // attack 33: no proof
  expect((await call('DELETE', '/sessions', undefined, ana)).status).toBe(204);
  expect((await call('GET', '/me', undefined, ana)).status).toBe(401);

  const logs = await readFile(join(cluster.dataFolder, 'logs', 'control-plane.log'), 'utf8').catch(() => '');
  expect(logs).not.toContain(password);
});

test('codes and tokens work, also after all keys that seal them were replaced and the cluster was restarted', async () => {
  const caio = await choosePassword((await cluster.cli('users', 'add', 'caio', '--role', 'developer', '--json')).stdout);
  const { secret } = (await (await call('POST', '/me/totp', {}, caio)).json()) as { secret: string };
  const code = (stepsAhead: number) => appCode(secret, Date.now() + 30_000 * stepsAhead);
  // the oldest code that is taken: just before the next half minute it may come too late
  await eventually('the code is taken', async () => (await call('POST', '/me/totp/confirm', { code: code(-1) }, caio)).status === 200);
  expect((await call('POST', '/tokens', { name: 'caio', password })).status).toBe(401);
  const tokens = (await (await call('POST', '/tokens', { name: 'caio', password, code: code(0) })).json()) as Record<string, string>;
  const me = (token: string | undefined) => call('GET', '/me', undefined, { authorization: `Bearer ${token}` });
  expect(await (await me(tokens['accessToken'])).json()).toMatchObject({ name: 'caio', role: 'developer' });

  expect((await cluster.cli('secrets', 'rotate')).code).toBe(0);
  expect((await cluster.cli('secrets', 'rotate', '--master')).code).toBe(0);
  cluster = await cluster.restart();
  expect((await me(tokens['accessToken'])).status).toBe(200);
  const answer = await call('POST', '/tokens/refresh', { refreshToken: tokens['refreshToken'] });
  const refreshed = (await answer.json()) as Record<string, string>;
  expect((await me(refreshed['accessToken'])).status).toBe(200);
  expect((await call('POST', '/sessions', { name: 'caio', password, code: code(1) })).status).toBe(201);
});

test('what is known of somebody is told, and is gone when it is asked to be', async () => {
  const davi = await choosePassword((await cluster.cli('users', 'add', 'davi', '--role', 'developer', '--json')).stdout);
  await call('POST', '/chats', { model: 'starter', title: 'what davi asked' }, davi);
  const own = (await (await call('POST', '/me/export', {}, davi)).json()) as { person: { id: string } };
  const told = JSON.parse((await cluster.cli('users', 'export', 'davi')).stdout);
  expect(told).toMatchObject({ person: { name: 'davi' }, chats: [{ title: 'what davi asked' }] });
  expect(told.person).toEqual(own.person);
  expect(told.audit.map(({ action }: { action: string }) => action)).toContain('POST /api/v1/chats');
  expect(JSON.parse((await cluster.cli('users', 'erase', 'davi', '--yes', '--json')).stdout)).toEqual({
    id: own.person.id,
    chats: 1,
    keys: 0,
    keyRings: { rewritten: 0, unreached: [] },
  });
  expect((await call('GET', '/me', undefined, davi)).status).toBe(401);
  expect((await cluster.cli('users', 'export', 'davi')).code).toBe(4);
  expect((await cluster.cli('audit', 'ls', '--json')).stdout).not.toContain('davi');
  expect((await cluster.cli('audit', 'verify')).code).toBe(0);
});
