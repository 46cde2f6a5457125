import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secretsStatusShape } from '@cluster-ai/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  findPostgresPrograms,
  startThrowawayPostgres,
  type ThrowawayPostgres,
} from '../../packages/control-plane/src/stores/testing/throwaway-postgres.ts';
import { eventually, runCli, startCluster, type TestCluster } from '../support/start-cluster.ts';

/** Easy to recognise, and in no other file of the world. */
const plant = (name: string) => `planted-${name}-${randomBytes(9).toString('hex')}`;

const masterKey = randomBytes(32);
const planted = {
  masterKey: masterKey.toString('base64'),
  masterKeyHex: masterKey.toString('hex'),
  registryToken: plant('registry'),
  mailPassword: plant('mail'),
  databasePassword: plant('database'),
  joinToken: '',
  question: plant('question'),
  title: plant('title'),
  system: plant('system'),
};
const keyEnvironment = { CLUSTER_AI_KEY: planted.masterKey };

const programs = await findPostgresPrograms();
let server: ThrowawayPostgres | undefined;
let cluster: TestCluster;
let folder: string;
/** Everything that came out of the cluster: answers, and what the command line printed. */
const heard: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'secrets-'));
  const options = { environment: keyEnvironment };
  const privacy = 'privacy: { sealChats: true }\n';
  if (programs === undefined) cluster = await startCluster({ ...options, config: privacy });
  else {
    server = await startThrowawayPostgres(programs);
    const url = new URL(await server.createDatabase());
    url.password = planted.databasePassword;
    cluster = await startCluster({ ...options, config: `database: ${url.href}\n${privacy}` });
  }
});
afterAll(async () => {
  await cluster?.stop();
  await server?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function hear(...args: string[]) {
  const result = await cluster.cli(...args);
  heard.push(result.stdout, result.stderr);
  return result;
}

const readCredential = async () => (await readFile(join(cluster.dataFolder, 'run', 'host.credential'), 'utf8')).trim();

async function ask(method: string, path: string, body?: unknown, more: Record<string, string> = {}) {
  const response = await fetch(`${cluster.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${await readCredential()}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...more,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  heard.push(text, JSON.stringify([...response.headers]));
  return { status: response.status, text };
}

/** Command line and environment of a process, as its owner can read them. */
async function readProcess(pid: number) {
  const read = async (name: string) => (await readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')).replaceAll('\0', '\n');
  return { command: await read('cmdline'), environment: await read('environ') };
}

async function listFiles(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** The names of planted secrets that lie in these bytes, in clear or in base64. */
function findPlanted(bytes: Buffer, allowed: readonly (keyof typeof planted)[] = []): readonly string[] {
  const names = Object.keys(planted) as (keyof typeof planted)[];
  const isIn = (text: string) =>
    text !== '' && (bytes.includes(text) || bytes.includes(Buffer.from(text).toString('base64').replace(/=+$/, '')));
  const found = names.filter((name) => !allowed.includes(name) && isIn(planted[name]));
  return bytes.includes(masterKey) ? [...found, 'the bytes of the master key'] : found;
}

describe('secrets in a running cluster', () => {
  test('are kept, listed without their values, replaced and forgotten, by the command line and the API', async () => {
    const put = await ask('PUT', '/api/v1/secrets/registry.example', { value: planted.registryToken, purpose: 'registry' });
    expect([put.status, JSON.parse(put.text)]).toMatchObject([200, { name: 'registry.example', purpose: 'registry', keyVersion: 1 }]);
    await ask('PUT', '/api/v1/secrets/mail', { value: planted.mailPassword, purpose: 'mail' });
    const listed = await hear('secrets', 'ls', '--json');
    expect(JSON.parse(listed.stdout).secrets.map(({ name }: { name: string }) => name)).toEqual(['mail', 'registry.example']);
    expect((await hear('secrets', 'ls')).stdout).toContain('registry.example');
    const status = secretsStatusShape.parse(JSON.parse((await hear('secrets', 'status', '--json')).stdout));
    expect(status.masterKey.source).toBe('environment');
    await ask('PUT', '/api/v1/secrets/short-lived', { value: 'x' });
    expect((await hear('secrets', 'rm', 'short-lived', '--yes')).code).toBe(0);
    expect((await hear('secrets', 'rm', 'short-lived', '--yes')).code).toBe(4);
  });

  test('are closed to everybody but admins', async () => {
    const { key } = JSON.parse((await cluster.cli('keys', 'create', 'helper', '--role', 'operator', '--json')).stdout);
    for (const [method, path] of [
      ['GET', '/api/v1/secrets'],
      ['PUT', '/api/v1/secrets/x'],
      ['DELETE', '/api/v1/secrets/mail'],
      ['POST', '/api/v1/secrets/rotate'],
    ] as const)
      expect([path, (await ask(method, path, undefined, { authorization: `Bearer ${key}` })).status]).toEqual([path, 403]);
  });

  test('are sealed anew while the cluster works', async () => {
    expect((await hear('secrets', 'rotate', '--json')).code).toBe(0);
    await eventually('everything is sealed with the new key', async () => {
      const { secrets } = JSON.parse((await ask('GET', '/api/v1/secrets')).text);
      return secrets.every(({ keyVersion }: { keyVersion: number }) => keyVersion === 2);
    });
    const second = await hear('secrets', 'rotate', '--master');
    expect([second.code, second.stderr]).toEqual([1, expect.stringContaining('CLUSTER_AI_KEY_PREVIOUS')]);
  });

  test('attack 47: what errors are provoked with does not come back with them', async () => {
    const invitation = JSON.parse((await ask('POST', '/api/v1/nodes/invitations', { listenHost: '127.0.0.1' })).text);
    heard.pop(); // that answer is where the token is told, once
    heard.pop();
    planted.joinToken = invitation.token;
    const joined = { environment: { LANG: 'C' }, folder: join(folder, 'joined') };
    for (const args of [
      ['join', invitation.address, '--token', `${planted.joinToken.slice(0, -4)}zzzz`], // pins another authority
      ['join', '127.0.0.1:1', '--token', planted.joinToken, '--timeout', '1'],
    ]) {
      const { code, stdout, stderr } = await runCli([...args, '--json', '--data-dir', joined.folder], joined.environment);
      expect(code).not.toBe(0);
      heard.push(stdout, stderr);
    }
    const { registryToken, mailPassword } = planted;
    await ask('PUT', '/api/v1/secrets/mail', `{"value": "${mailPassword}", "purpose": }`);
    await ask('PUT', '/api/v1/secrets/mail', { value: { [mailPassword]: mailPassword } });
    await ask('PUT', '/api/v1/secrets/mail', { value: mailPassword, purpose: registryToken });
    await ask('PUT', '/api/v1/secrets/Not%20A%20Name', { value: mailPassword });
    await ask('PUT', '/api/v1/secrets/mail', { value: mailPassword.repeat(9000) });
    await ask('POST', '/api/v1/secrets/mail', { value: mailPassword });
    await ask('GET', '/api/v1/secrets', undefined, { authorization: `Bearer ${registryToken}` });
    await ask('GET', '/api/v1/secrets', undefined, { authorization: `Basic ${Buffer.from(`me:${mailPassword}`).toString('base64')}` });
    await ask(
      'POST',
      '/v1/chat/completions',
      { model: 'none', messages: [{ role: 'user', content: 'x' }] },
      { authorization: `Bearer ${registryToken}` },
    );
    for (const path of ['/api/v1/config', '/api/v1/cluster/status', '/api/v1/nodes', '/api/v1/secrets', '/metrics', '/api/v1/openapi.json'])
      expect([path, (await ask('GET', path)).status]).toEqual([path, 200]);
    // a cluster that cannot start: its database refuses, its key is another one, its address is none
    for (const config of [
      `database: postgres://me:${planted.databasePassword}@127.0.0.1:1/none\n`,
      `database: mysql://me:${planted.databasePassword}@127.0.0.1/none\n`,
      `database: { url: 'postgres://me:${planted.databasePassword}@127.0.0.1/none' }\n`,
    ]) {
      const dataFolder = await mkdtemp(join(folder, 'broken-'));
      const failure = await startCluster({ dataFolder, config, environment: keyEnvironment }).catch(String);
      expect(failure).toMatch(/database/);
      heard.push(String(failure));
    }
  });

  test('a key that is not the one of this state ends the start, and says so', async () => {
    const dataFolder = await mkdtemp(join(folder, 'keys-'));
    const first = await startCluster({ dataFolder, environment: keyEnvironment });
    await first.stop();
    const other = randomBytes(32).toString('base64');
    const failure = String(await startCluster({ dataFolder, environment: { CLUSTER_AI_KEY: other } }).catch(String));
    heard.push(failure);
    expect(failure).toContain('holds another master key');
    expect(failure).not.toContain(other);
  });

  test('attack 51: what is said in a chat lies sealed, and is read again', async () => {
    const headers = { authorization: `Bearer ${await readCredential()}`, 'content-type': 'application/json' };
    /** Not heard: these answers may say it. */
    async function call(method: string, path: string, body?: unknown): Promise<string> {
      const more = body === undefined ? {} : { body: JSON.stringify(body) };
      return (await fetch(`${cluster.url}/api/v1/chats${path}`, { method, headers, ...more })).text();
    }
    const { id } = JSON.parse(await call('POST', '', { model: 'starter', title: planted.title, options: { system: planted.system } }));
    await call('POST', `/${id}/turns`, { parentId: null, content: planted.question, options: { max_tokens: 4 } });
    expect(JSON.parse(await call('GET', `/${id}`))).toMatchObject({
      title: planted.title,
      options: { system: planted.system },
      messages: [{ content: planted.question }, { isComplete: true }],
    });
    expect(JSON.parse(await call('GET', `?search=${planted.title.slice(3)}`)).chats).toHaveLength(1);
    const { chats } = JSON.parse((await hear('secrets', 'status', '--json')).stdout);
    expect(chats).toEqual({ wanted: 'sealed', sealed: 3, clear: 0 });
  });

  test('no process shows them: neither in its arguments nor, but for the two that need the master key, in its environment', async () => {
    const main = join(import.meta.dirname, '../../packages/cli/src/main.ts');
    const args = ['join', cluster.linkAddress, '--token', planted.joinToken, '--data-dir', join(folder, 'second'), '--name', 'second'];
    const joining = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    joining.stderr.on('data', (chunk) => heard.push(String(chunk)));
    try {
      await eventually('the second machine is there', async () => (await ask('GET', '/api/v1/nodes')).text.includes('"second"'));
      await ask('POST', '/api/v1/generate', { prompt: 'Hi!', options: { max_tokens: 2 } }); // so that an engine runs
      const { agent, engines } = await cluster.pids();
      expect(engines.length).toBeGreaterThan(0);
      for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)) {
        const { command } = await readProcess(pid);
        expect([command, findPlanted(Buffer.from(command))]).toEqual([command, []]);
      }
      for (const pid of [agent, ...engines]) {
        const { environment } = await readProcess(pid);
        expect(environment).not.toBe('');
        expect([environment, findPlanted(Buffer.from(environment))]).toEqual([environment, []]);
      }
    } finally {
      const ended = once(joining, 'exit');
      joining.kill('SIGTERM');
      await ended;
    }
  });

  test('lie in no log, no answer, no metric, no error, no file but the configuration that holds one, and no backup', async () => {
    const archive = join(folder, 'backups', 'all.tar');
    await mkdir(join(folder, 'backups'));
    expect((await hear('backup', 'create', archive)).code).toBe(0);
    heard.push(cluster.output());
    expect(findPlanted(Buffer.from(heard.join('\n')))).toEqual([]);
    expect(findPlanted(await readFile(archive))).toEqual([]);
    const folders = [cluster.dataFolder, ...(await readdir(folder)).map((name) => join(folder, name))];
    const files = (await Promise.all(folders.map(listFiles))).flat().filter((path) => !path.includes('/blobs/'));
    expect(files.some((path) => path.endsWith('control-plane.1.log'))).toBe(true);
    for (const path of files) {
      const allowed = path.endsWith('cluster.yaml') ? (['databasePassword'] as const) : [];
      expect([path, findPlanted(await readFile(path), allowed)]).toEqual([path, []]);
    }
  });
});
