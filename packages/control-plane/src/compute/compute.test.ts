import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect } from 'node:tls';
import { promisify } from 'node:util';
import { ClusterError, type ComputeConnection, configShape } from '@cluster-ai/contracts';
import { locateDataFolder, makeDataFolder, type ReadyPython, silentLogger, systemClock } from '@cluster-ai/runtime';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../../../test/support/start-cluster.ts';
import { findSharedPython } from '../../../runtime/src/python-environment/testing/shared-python.ts';
import { permissionsOf } from '../access/roles.ts';
import { daskDoor } from '../doors/dask/dask-door.ts';
import { renderProblem } from '../doors/native/problem.ts';
import { createListener } from '../listeners/create-listener.ts';
import type { Database } from '../stores/database.ts';
import { openDatabase } from '../stores/open-database.ts';
import { openComputeCertificates } from './certificates/compute-certificates.ts';
import { type Compute, openCompute } from './compute.ts';
import { openComputeSettings } from './compute-settings.ts';
import type { ComputeNodes } from './workers/keep-workers.ts';

const run = promisify(execFile);
const root = mkdtempSync(join(tmpdir(), 'cai-compute-'));
const folder = locateDataFolder(root, {});
const config = configShape.parse({ compute: { scheduler: { port: 0 } } });
const noNodes = { list: () => [], onChange: () => () => {} } as unknown as ComputeNodes;
const ending = new AbortController();

const found = await findSharedPython();
if (typeof found === 'string') process.stdout.write(`Skipped: the Python environment cannot be made here: ${found}\n`);
const python = found as ReadyPython;

let database: Database;
let compute: Compute;
let app: FastifyInstance;
let origin: string;
let running: Promise<void>;

/** Only who sends a role's name has its rights. */
const admission = {
  admit({ headers }: { readonly headers: Readonly<Record<string, unknown>> }, permission: never) {
    const role = String(headers['authorization'] ?? '').replace('Bearer ', '');
    if (role === '') throw new ClusterError('unauthorized', 'This needs a key.');
    const permissions = permissionsOf(role as 'admin');
    if (!permissions.has(permission)) throw new ClusterError('forbidden', 'This is not allowed.');
    return { kind: 'key' as const, id: role, ownerId: role, name: role, role: null, permissions, models: undefined };
  },
};

const isReady = () => {
  const { scheduler, workers } = compute.status();
  return scheduler.state === 'ready' && workers.some(({ name }) => name === 'gateway');
};

const asOperator = { headers: { authorization: 'Bearer operator' } };

/** Runs a program of somebody who has a certificate, as for any Dask cluster. */
async function runClient({ address, authority, certificate, key }: ComputeConnection, program: string): Promise<string> {
  const script = `import json, os
from distributed import Client
from distributed.security import Security
c = json.loads(os.environ["CONNECTION"])
security = Security(tls_ca_file=c["authority"], tls_client_cert=c["certificate"], tls_client_key=c["key"], require_encryption=True)
client = Client(c["address"], security=security, timeout=20)
${program}`;
  const env = { PATH: process.env['PATH'] ?? '', CONNECTION: JSON.stringify({ address, authority, certificate, key }) };
  const { stdout } = await run(python.python, ['-c', script], { env, timeout: 60_000 });
  return stdout.trim();
}

/** What becomes of a TLS connection on which nothing is said: TLS 1.3 refuses a client after its own part of the handshake. */
const handshake = (options: ConnectionOptions): Promise<string> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(compute.status().address.replace('tls:', 'http:'));
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false, ...options });
    socket.once('error', (error) => resolve(error.message));
    socket.once('close', () => resolve('closed'));
  });

/** Joins as a page of Dask's does: with the token that the page came with. */
async function openSocket(headers: Readonly<Record<string, string>>): Promise<string> {
  const page = await (await fetch(`${origin}/dask/status`, asOperator)).text();
  const token = /"token":"([^"]+)"/.exec(page)?.[1] ?? '';
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/dask/status/ws`, { protocols: ['bokeh', token], headers } as never);
  return new Promise((resolve) => {
    socket.addEventListener('error', () => resolve('refused'));
    socket.addEventListener('message', ({ data }) => {
      socket.close();
      resolve(String(data));
    });
  });
}

describe.skipIf(typeof found === 'string')('the Dask cluster', () => {
  beforeAll(async () => {
    makeDataFolder(folder);
    database = await openDatabase({ url: '', folder, log: silentLogger });
    compute = await openCompute({ database, folder, config, nodes: noNodes, clock: systemClock, log: silentLogger });
    running = compute.run(ending.signal);
    ({ app } = createListener({ config, log: silentLogger, admission: admission as never, renderError: renderProblem }));
    await app.register(daskDoor({ compute }));
    origin = await app.listen({ host: '127.0.0.1', port: 0 });
    expect(compute.status()).toMatchObject({ isEnabled: false, condition: { state: 'stopped', reason: 'compute_off' }, address: '' });
    await expect(compute.connect('ana')).rejects.toMatchObject({ code: 'compute_disabled' });
    await compute.enable();
    await eventually('the scheduler and the worker beside it are ready', isReady, 60_000);
  }, 120_000);
  afterAll(async () => {
    ending.abort();
    await running;
    await app?.close();
    await database?.[Symbol.asyncDispose]();
    rmSync(root, { recursive: true, force: true });
  });

  test('that it is enabled is remembered', async () => {
    expect((await openComputeSettings({ database, clock: systemClock })).current()).toMatchObject({ isEnabled: true });
  });

  test('lets nobody in without a certificate of its own authority', async () => {
    expect(await handshake({})).toMatch(/certificate required/);
    const stranger = await openComputeCertificates(join(root, 'stranger'), systemClock);
    const { certificate, key } = await stranger.mint('stranger', 1);
    expect(await handshake({ cert: certificate, key })).toMatch(/unknown ca|decrypt error|bad certificate|alert/);
  });

  test('a plain Dask client runs a function with the certificate that it was given, which ends within hours', async () => {
    const connection = await compute.connect('ana');
    expect(Date.parse(connection.expiresAt) - Date.now()).toBeLessThanOrEqual(8 * 3_600_000);
    expect(connection.versions).toEqual(python.versions);
    expect(await runClient(connection, 'print(client.submit(lambda x: x + 1, 41).result(timeout=30))')).toBe('42');
  });

  test('whoever has a certificate still cannot read what this machine keeps secret, on worker or scheduler', async () => {
    const look = `def look():
    import os
    found = []
    for path in ${JSON.stringify([folder.secrets, join(root, 'state'), join(root, 'compute', 'certificates')])}:
        try: found += os.listdir(path)
        except PermissionError: pass
    return found
print(client.run_on_scheduler(look), *client.run(look).values())`;
    expect(await runClient(await compute.connect('ana'), look)).toBe('[] []');
  });

  test('its own pages have content, for who may see them', async () => {
    const page = await (await fetch(`${origin}/dask/status`, asOperator)).text();
    expect(page).toContain('docs_json');
    expect(page).not.toContain('needs bokeh');
    expect((await fetch(`${origin}/dask/status`)).status).toBe(401);
    expect((await fetch(`${origin}/dask/status`, { headers: { authorization: 'Bearer developer' } })).status).toBe(403);
    expect((await fetch(`${origin}/dask/json/counts.json`, { ...asOperator, method: 'POST' })).status).toBe(404);
  });

  test('attack 2: other users of this machine cannot read them past our login', async () => {
    const { port = 0 } = compute.dashboard() ?? {};
    expect((await fetch(`http://127.0.0.1:${port}/dask/status`)).status).toBe(403);
    expect((await fetch(`http://127.0.0.1:${port}/dask/json/counts.json`)).status).toBe(403);
  });

  test('their web sockets work, and only for pages of ours and who may see them', async () => {
    expect(await openSocket({ ...asOperator.headers, origin })).toContain('ACK');
    expect(await openSocket({ origin })).toBe('refused');
    expect(await openSocket({ ...asOperator.headers, origin: 'http://elsewhere.example' })).toBe('refused');
  });

  test('a request for another upgrade is answered as if it had not asked', async () => {
    const headers = { ...asOperator.headers, connection: 'Upgrade', upgrade: 'h2c' };
    const status = await new Promise((resolve, reject) => {
      request(`${origin}/dask`, { headers }, (answer) => resolve(answer.resume().statusCode))
        .once('error', reject)
        .end();
    });
    expect(status).toBe(302);
  });

  test('what the scheduler measures can be scraped', async () => {
    expect((await compute.measure(ending.signal)).text).toContain('dask_scheduler_workers');
  });

  test('a killed scheduler comes back at the same place, and so does the worker beside it', async () => {
    const { address } = compute.status();
    const pid = compute.running()?.scheduler()?.pid() ?? 0;
    process.kill(pid, 'SIGKILL');
    await eventually('its end is told', () => compute.status().scheduler.reason === 'scheduler_crashed');
    await eventually('another one runs', () => compute.running()?.scheduler()?.pid() !== pid && isReady(), 60_000);
    expect(compute.status().address).toBe(address);
    expect(await runClient(await compute.connect('ana'), 'print(client.submit(sum, [1, 2]).result(timeout=40))')).toBe('3');
  }, 120_000);

  test('disabled, it ends and stays off', async () => {
    const pid = compute.running()?.scheduler()?.pid() ?? 0;
    await compute.disable();
    expect(compute.status()).toMatchObject({ isEnabled: false, address: '', workers: [] });
    await eventually('its processes are gone', () => compute.running() === undefined);
    expect(() => process.kill(pid, 0)).toThrow();
    expect((await openComputeSettings({ database, clock: systemClock })).current()).toMatchObject({ isEnabled: false });
  });
});
