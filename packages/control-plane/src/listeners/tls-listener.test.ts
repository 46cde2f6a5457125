import type { X509Certificate } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { type Config, configShape } from '@cluster-ai/contracts';
import { createManualClock, locateDataFolder, makeDataFolder, silentLogger } from '@cluster-ai/runtime';
import { afterAll, expect, test } from 'vitest';
import { openListenerCertificates } from '../access/certificates/open-listener-certificate.ts';
import { admitEverybody } from '../access/testing/admit-everybody.ts';
import { renderProblem } from '../doors/native/problem.ts';
import { openCertificates } from '../nodes/certificates.ts';
import { createListener } from './create-listener.ts';

const root = mkdtempSync(join(tmpdir(), 'tls-listener-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const isPublic = { permission: 'public', why: 'a test' } as const;
const dayMs = 24 * 60 * 60_000;
let count = 0;

async function makeAuthority(clock = createManualClock(Date.now())) {
  const folder = locateDataFolder(join(root, String(count++)), {});
  makeDataFolder(folder);
  return { folder, clock, certificates: await openCertificates({ folder, clock }) };
}

/** A listener as `cluster.yaml` describes it, on loopback. */
async function openTls(wish: Record<string, unknown>, authority?: Awaited<ReturnType<typeof makeAuthority>>) {
  const { folder, clock, certificates } = authority ?? (await makeAuthority());
  const config: Config = configShape.parse({ listeners: { main: { tls: 'internal' }, ...wish } });
  const shown = await openListenerCertificates({ certificates, listeners: config.listeners, folder, clock, log: silentLogger });
  const certificate = shown.of(config.listeners.main.tls);
  if (!certificate) throw new Error('no certificate');
  const { app } = createListener({
    config,
    log: silentLogger,
    admission: admitEverybody,
    renderError: renderProblem,
    certificate,
    names: shown.names,
  });
  app.get('/hello', { config: isPublic }, async () => ({ hello: 'world' }));
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const ca = certificates.authority;
  return { app, shown, certificate, certificates, clock, port, ca, [Symbol.asyncDispose]: async () => void (await app.close()) };
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly serial: string;
}

function ask(port: number, ca: string, options: Record<string, unknown> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', servername: 'localhost', port, path: '/hello', ca, ...options }, async (response) => {
      const peer = (response.socket as unknown as { getPeerX509Certificate(): X509Certificate | undefined }).getPeerX509Certificate();
      await response.toArray();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, serial: peer?.serialNumber ?? '' });
    });
    request.on('error', reject);
  });
}

/** Says what came back to bytes that no HTTP client would send. */
function sendRaw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connectTcp(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk) => (text += chunk)).on('error', () => {});
    socket.once('close', () => resolve(text));
  });
}

function dial(port: number, ca: string, options: Record<string, unknown>): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, ca, servername: 'localhost', ...options }, () => {
      resolve(socket.getProtocol() ?? '');
      socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

test('the internal certificate is trusted by whoever trusts the authority, under each of its names, and by nobody else', async () => {
  await using listener = await openTls({ allowedHosts: ['cluster.lan'] });
  const { port, ca, certificate } = listener;
  expect((await ask(port, ca)).status).toBe(200);
  expect((await ask(port, ca, { servername: 'cluster.lan', headers: { host: 'cluster.lan' } })).status).toBe(200);
  expect(certificate.names()).toEqual(expect.arrayContaining(['localhost', '127.0.0.1', '::1', 'cluster.lan']));
  const other = await makeAuthority();
  await expect(ask(port, other.certificates.authority)).rejects.toMatchObject({ code: 'SELF_SIGNED_CERT_IN_CHAIN' });
  await expect(ask(port, ca, { servername: 'evil.example' })).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
});

test('nothing below TLS 1.3, unless 1.2 was asked for; nothing below that', async () => {
  await using strict = await openTls({});
  expect(await dial(strict.port, strict.ca, {})).toBe('TLSv1.3');
  expect(await dial(strict.port, strict.ca, { maxVersion: 'TLSv1.2' })).toMatch(/PROTOCOL_VERSION|ECONNRESET/);
  await strict.certificate.renew(); // a changed context forgets what it is not told again
  expect(await dial(strict.port, strict.ca, { maxVersion: 'TLSv1.2' })).toMatch(/PROTOCOL_VERSION|ECONNRESET/);
  await using old = await openTls({ tls: { minVersion: '1.2' } });
  expect(await dial(old.port, old.ca, { maxVersion: 'TLSv1.2' })).toBe('TLSv1.2');
  expect(await dial(old.port, old.ca, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })).not.toMatch(/^TLSv/);
});

test('a certificate is renewed under load without a failed request', async () => {
  await using listener = await openTls({});
  const { port, ca, certificate } = listener;
  const keepAlive = new Agent({ keepAlive: true, maxSockets: 4, ca });
  const serials = new Set<string>();
  const failures: unknown[] = [];
  let isBusy = true;
  const load = async (options: Record<string, unknown>) => {
    while (isBusy) {
      const answer = await ask(port, ca, options).catch((error: unknown) => failures.push(error));
      if (typeof answer === 'object') serials.add(answer.serial);
    }
  };
  const callers = [
    ...Array.from({ length: 4 }, () => load({ agent: keepAlive })),
    ...Array.from({ length: 4 }, () => load({ agent: false })),
  ];
  for (let round = 0; round < 20; round++) {
    await certificate.renew();
    await ask(port, ca, { agent: false });
  }
  isBusy = false;
  await Promise.all(callers);
  keepAlive.destroy();
  expect(failures).toEqual([]);
  expect(serials.size).toBeGreaterThan(5);
});

test('it is renewed at two thirds of its life, and when the names have changed', async () => {
  const clock = createManualClock(Date.now());
  await using listener = await openTls({}, await makeAuthority(clock));
  const { certificate } = listener;
  const first = certificate.details().serialNumber;
  const ending = new AbortController();
  const running = certificate.run(ending.signal);
  await clock.advance(59 * dayMs);
  expect(certificate.details().serialNumber).toBe(first);
  // the manual clock waits for promises only; keys are made elsewhere
  for (let day = 0; day < 3 && certificate.details().serialNumber === first; day++) {
    await clock.advance(dayMs);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await expect.poll(() => certificate.details().serialNumber).not.toBe(first);
  ending.abort();
  await running;
});

test('files of somebody else are shown, watched, and read again; half of a pair changes nothing', async () => {
  const { folder, clock, certificates } = await makeAuthority();
  const write = (name: string, text: string) => {
    writeFileSync(join(folder.root, name), text);
    return join(folder.root, name);
  };
  const make = async () => {
    const other = await makeAuthority();
    return { ...(await other.certificates.issueForListener(['localhost', '*.example.org'])), ca: other.certificates.authority };
  };
  const [first, second] = [await make(), await make()];
  const tls = { certificateFile: write('tls.crt', first.certificate), keyFile: write('tls.key', first.key) };
  await using listener = await openTls({ main: { tls: 'files' }, tls }, { folder, clock, certificates });
  const { port, certificate } = listener;
  expect((await ask(port, first.ca)).status).toBe(200);
  const wildcard = { servername: 'a.example.org', headers: { host: 'a.example.org' } };
  expect((await ask(port, first.ca, wildcard)).status).toBe(200);
  expect((await ask(port, first.ca, { headers: { host: 'a.b.example.org' } })).status).toBe(403);

  const ending = new AbortController();
  const running = certificate.run(ending.signal);
  const passTime = async () => {
    await clock.advance(10_000);
    return certificate.condition().reason;
  };
  write('tls.crt', second.certificate); // its key comes a moment later
  await expect.poll(passTime).toBe('certificate_not_renewed');
  expect((await ask(port, first.ca)).status).toBe(200);
  write('tls.key', second.key);
  await expect.poll(passTime).toBe('certificate_valid');
  expect((await ask(port, second.ca)).status).toBe(200);
  cpSync(join(folder.secrets, 'ca.crt'), join(folder.root, 'tls.crt'));
  await expect.poll(passTime).toBe('certificate_not_renewed');
  expect((await ask(port, second.ca)).status).toBe(200);
  ending.abort();
  await running;
});

test('files that cannot be used stop the start with their path', async () => {
  const tls = { certificateFile: '/nowhere/tls.crt', keyFile: '/nowhere/tls.key' };
  await expect(openTls({ main: { tls: 'files' }, tls })).rejects.toMatchObject({
    code: 'config_invalid',
    message: expect.stringContaining('/nowhere/tls.crt'),
  });
});

test('strict transport is promised with a certificate that browsers trust, never with the internal one', async () => {
  await using internal = await openTls({});
  expect((await ask(internal.port, internal.ca)).headers).not.toHaveProperty('strict-transport-security');
  const other = await makeAuthority();
  const { key, certificate } = await other.certificates.issueForListener(['localhost']);
  const tls = { certificateFile: join(other.folder.root, 'c.pem'), keyFile: join(other.folder.root, 'k.pem') };
  writeFileSync(tls.certificateFile, certificate);
  writeFileSync(tls.keyFile, key);
  await using files = await openTls({ main: { tls: 'files' }, tls });
  expect((await ask(files.port, other.certificates.authority)).headers['strict-transport-security']).toMatch(/^max-age=\d{7,}$/);
  // our own one, shown until the server that was asked gives one
  await using waiting = await openTls({
    main: { tls: 'acme' },
    tls: { acme: { directory: 'https://127.0.0.1:9/', names: ['localhost'] } },
  });
  expect((await ask(waiting.port, waiting.ca)).headers).not.toHaveProperty('strict-transport-security');
  // one that vouches for itself
  const self = { certificateFile: join(other.folder.secrets, 'ca.crt'), keyFile: join(other.folder.secrets, 'ca.key') };
  await using lonely = await openTls({ main: { tls: 'files' }, tls: self });
  const unchecked = { rejectUnauthorized: false, headers: { host: 'localhost' } };
  expect((await ask(lonely.port, '', unchecked)).headers).not.toHaveProperty('strict-transport-security');
});

test('plain HTTP on a TLS port is told what to do, and nonsense is not answered', async () => {
  await using listener = await openTls({});
  const answer = await sendRaw(listener.port, 'GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(answer).toContain('https://');
  expect(answer).not.toContain('world');
  expect(await sendRaw(listener.port, '\u0016\u0003\u0001\u0000\u0005hello')).not.toContain('HTTP');
});

test('a listener closes although somebody has connected and says nothing', async () => {
  const listener = await openTls({});
  const silent = connectTcp(listener.port, '127.0.0.1').on('error', () => {});
  await new Promise((resolve) => silent.once('connect', resolve));
  await listener[Symbol.asyncDispose]();
  silent.destroy();
});
