import { execFileSync, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get as httpGet } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { configShape } from '@cluster-ai/contracts';
import { createManualClock, locateDataFolder, makeDataFolder, silentLogger, systemClock } from '@cluster-ai/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCertificates } from '../../nodes/certificates.ts';
import { openChallengeSite } from './challenge-site.ts';
import { openListenerCertificates } from './open-listener-certificate.ts';

function findObstacle(): string | undefined {
  try {
    execFileSync('pebble', ['-h'], { stdio: 'ignore' });
    return undefined;
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') return undefined; // it is there; -h ends with an error of its own
    return 'the ACME server pebble is not installed (Debian: apt-get install pebble)';
  }
}
const obstacle = findObstacle();
if (obstacle !== undefined) process.stdout.write(`Skipped, certificates by ACME: ${obstacle}\n`);

const root = mkdtempSync(join(tmpdir(), 'acme-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A real ACME server of this machine; it asks its questions at `httpPort`. */
async function startPebble() {
  const [port, management, httpPort] = [await freePort(), await freePort(), await freePort()];
  const folder = locateDataFolder(join(root, 'pebble'), {});
  makeDataFolder(folder);
  const certificates = await openCertificates({ folder, clock: systemClock });
  const { key, certificate } = await certificates.issueForListener(['localhost', '127.0.0.1']);
  const file = (name: string, text: string) => {
    writeFileSync(join(root, name), text);
    return join(root, name);
  };
  const config = {
    pebble: {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate: file('pebble.crt', certificate),
      privateKey: file('pebble.key', key),
      httpPort,
      tlsPort: await freePort(),
      ocspResponderURL: '',
      externalAccountBindingRequired: false,
    },
  };
  const rootsFile = file('pebble-root.crt', certificates.authority);
  const child = spawn('pebble', ['-config', file('pebble.json', JSON.stringify(config))], {
    stdio: 'ignore',
    env: { ...process.env, PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0' },
  });
  await untilListening(port);
  return { directory: `https://127.0.0.1:${port}/dir`, httpPort, rootsFile, stop: () => child.kill('SIGKILL') };
}

async function untilListening(port: number): Promise<void> {
  const deadline = performance.now() + 50_000;
  for (;;) {
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('close', () => resolve(false));
      socket.once('secureConnect', () => socket.destroy());
    });
    if (isThere) return;
    if (performance.now() > deadline) throw new Error('pebble does not answer');
  }
}

describe.skipIf(obstacle !== undefined)('a certificate from an ACME server', () => {
  let pebble: Awaited<ReturnType<typeof startPebble>>;
  beforeAll(async () => {
    pebble = await startPebble();
  });
  afterAll(() => pebble?.stop());

  const open = async (name: string, names: readonly string[] = ['localhost']) => {
    const folder = locateDataFolder(join(root, name), {});
    makeDataFolder(folder);
    const clock = createManualClock(Date.now());
    const certificates = await openCertificates({ folder, clock });
    const { directory, httpPort, rootsFile } = pebble;
    const { listeners } = configShape.parse({
      listeners: { main: { tls: 'acme' }, tls: { acme: { directory, names, httpHost: '127.0.0.1', httpPort, rootsFile } } },
    });
    const shown = await openListenerCertificates({ certificates, listeners, folder, clock, log: silentLogger });
    const certificate = shown.of('acme');
    if (!certificate) throw new Error('no certificate');
    return { shown, certificate, folder, clock, certificates };
  };

  test('is asked for at the start; until it is there, the cluster’s own is shown', async () => {
    const { certificate, certificates } = await open('first');
    expect(certificate.details().checkIssued(new X509Certificate(certificates.authority))).toBe(true);
    await certificate.renew();
    expect(certificate.details().issuer).toContain('Pebble');
    expect(certificate.names()).toEqual(['localhost']);
    expect(certificate.condition().state).toBe('ready');
  });

  test('is kept with its account: a second start asks nobody, a new order uses the same account', async () => {
    const { certificate, folder } = await open('kept');
    await certificate.renew();
    const account = readFileSync(join(folder.secrets, 'acme-account.json'), 'utf8');
    expect(JSON.parse(account).url).toContain(new URL(pebble.directory).host);
    const again = await open('kept');
    expect(again.certificate.details().serialNumber).toBe(certificate.details().serialNumber);
    await again.certificate.renew();
    expect(again.certificate.details().serialNumber).not.toBe(certificate.details().serialNumber);
    expect(readFileSync(join(folder.secrets, 'acme-account.json'), 'utf8')).toBe(account);
  });

  test('that cannot be had leaves the old one, says so, and is tried again', async () => {
    const { certificate } = await open('taken');
    await certificate.renew();
    const before = certificate.details().serialNumber;
    {
      await using _other = await openChallengeSite('127.0.0.1', pebble.httpPort);
      await expect(certificate.renew()).rejects.toMatchObject({ code: 'port_taken' });
    }
    expect(certificate.details().serialNumber).toBe(before);
    expect(certificate.condition()).toMatchObject({ state: 'degraded', reason: 'certificate_not_renewed' });
    await certificate.renew();
    expect(certificate.condition().state).toBe('ready');
  });
});

test('the site for an ACME server’s question answers that and nothing else', async () => {
  await using site = await openChallengeSite('127.0.0.1', 0);
  site.show('token', 'token.thumbprint');
  const ask = (path: string) =>
    new Promise<string>((resolve, reject) => {
      httpGet({ host: '127.0.0.1', port: site.port, path }, async (response) => {
        resolve(`${response.statusCode} ${(await response.toArray()).join('')}`);
      }).on('error', reject);
    });
  expect(await ask('/.well-known/acme-challenge/token')).toBe('200 token.thumbprint');
  expect(await ask('/.well-known/acme-challenge/other')).toBe('404 ');
  expect(await ask('/api/v1/nodes')).toBe('404 ');
  site.hide('token');
  expect(await ask('/.well-known/acme-challenge/token')).toBe('404 ');
});

test('a configuration without a name is refused with what to write', async () => {
  const folder = locateDataFolder(join(root, 'nameless'), {});
  makeDataFolder(folder);
  const certificates = await openCertificates({ folder, clock: systemClock });
  const { listeners } = configShape.parse({ listeners: { main: { tls: 'acme' } } });
  await expect(openListenerCertificates({ certificates, listeners, folder, clock: systemClock, log: silentLogger })).rejects.toMatchObject({
    code: 'config_invalid',
    message: expect.stringContaining('acme.names'),
  });
});
