import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type SecureContextOptions } from 'node:tls';
import { promisify } from 'node:util';
import { createManualClock, type Logger, parseJoinToken, silentLogger, systemClock } from '@cluster-ai/runtime';
import { expect, test } from 'vitest';
import { createActs } from '../../packages/control-plane/src/access/audit/acts.ts';
import { openAudit } from '../../packages/control-plane/src/access/audit/open-audit.ts';
import { withAudit } from '../../packages/control-plane/src/access/audit/with-audit.ts';
import { openCertificates } from '../../packages/control-plane/src/nodes/certificates.ts';
import { createNodeRecords } from '../../packages/control-plane/src/nodes/node-records.ts';
import { openDatabase } from '../../packages/control-plane/src/stores/open-database.ts';
import { isState, makeTestFolder, openTestAgent, openTestControlPlane, until } from './fixtures/link-parts.ts';

const invitation = { name: '', ttlSeconds: 600, listenHost: '127.0.0.1' };
const run = promisify(execFile);

/** Somebody else at the address: shows these certificates and writes down whatever is said to it. */
async function openImpostor(identity: SecureContextOptions) {
  let heard = '';
  const server = createServer({ ...identity, ALPNProtocols: ['cai-join'] }, (socket) => {
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
    });
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard: () => heard,
    [Symbol.dispose]: () => void server.close(),
  };
}

test('a token is good for one machine', async () => {
  await using control = await openTestControlPlane();
  const wish = await control.nodes.invite(invitation);
  await using first = await openTestAgent(wish);
  await expect(openTestAgent(wish)).rejects.toMatchObject({ code: 'join_token_used', message: expect.stringMatching(/already used/) });
  expect(control.nodes.list().map((node) => node.id)).toEqual([first.link.nodeId]);
});

test('of two machines that come with one token at once, one joins', async () => {
  await using control = await openTestControlPlane();
  const wish = await control.nodes.invite(invitation);
  const results = await Promise.allSettled([openTestAgent(wish), openTestAgent(wish)]);
  for (const result of results) if (result.status === 'fulfilled') await result.value[Symbol.asyncDispose]();
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(control.nodes.list()).toHaveLength(1);
});

test('an expired token is refused with the time of its end', async () => {
  const clock = createManualClock(Date.now());
  await using control = await openTestControlPlane({ clock });
  const wish = await control.nodes.invite({ ...invitation, ttlSeconds: 60 });
  await clock.advance(61_000);
  await expect(openTestAgent(wish)).rejects.toMatchObject({ code: 'join_token_expired', message: expect.stringMatching(/expired at 2/) });
});

test('a guessed secret is refused like an unknown token', async () => {
  await using control = await openTestControlPlane();
  const { address, token } = await control.nodes.invite(invitation);
  const [head, secret = '', fingerprint] = token.split('.');
  const guess = [head, `${secret.startsWith('A') ? 'B' : 'A'}${secret.slice(1)}`, fingerprint].join('.');
  await expect(openTestAgent({ address, token: guess })).rejects.toMatchObject({ code: 'join_token_invalid' });
  await expect(openTestAgent({ address, token: 'cai_join_half' })).rejects.toMatchObject({ code: 'join_token_invalid' });
  await using late = await openTestAgent({ address, token }); // a wrong guess burns nothing
  expect(late.link.nodeId).toMatch(/^node_/);
});

test('the token of another cluster never leaves the machine', async () => {
  await using here = await openTestControlPlane();
  await using there = await openTestControlPlane();
  const { token } = await here.nodes.invite(invitation);
  const { address } = await there.nodes.invite(invitation);
  await expect(openTestAgent({ address, token })).rejects.toMatchObject({
    code: 'certificate_authority_mismatch',
    hint: expect.stringMatching(/The token was not sent/),
  });
});

test('a token that names another cluster is refused by the control plane too', async () => {
  await using here = await openTestControlPlane();
  await using there = await openTestControlPlane();
  const foreign = parseJoinToken((await there.nodes.invite(invitation)).token);
  const { address, token } = await here.nodes.invite(invitation);
  const { joinCluster } = await import('../../packages/agent/src/link/join.ts');
  const { formatJoinToken } = await import('@cluster-ai/runtime');
  const own = parseJoinToken(token);
  if (!own || !foreign) throw new Error('unreadable token');
  // the fingerprint of this cluster lets it out; the id and secret are of the other one
  const mixed = formatJoinToken({ ...foreign, fingerprint: own.fingerprint });
  const joining = joinCluster({ address, token: mixed, name: 'x', version: '0' }, new AbortController().signal);
  await expect(joining).rejects.toMatchObject({ code: 'join_token_invalid' });
});

test('an impostor who shows our authority’s certificate gets no secret', async () => {
  await using control = await openTestControlPlane();
  const { token } = await control.nodes.invite(invitation);
  const ours = readFileSync(join(control.folder.secrets, 'ca.crt'), 'utf8');
  using elsewhere = makeTestFolder();
  const evil = await openCertificates({ folder: elsewhere, clock: systemClock });
  const { key, certificate } = await evil.issueForServer([]);
  using impostor = await openImpostor({ key, cert: certificate + ours });
  await expect(openTestAgent({ address: impostor.address, token })).rejects.toMatchObject({ code: 'certificate_authority_mismatch' });
  expect(impostor.heard()).toBe('');
});

test('a node cannot pose as the control plane with its own certificate', async () => {
  await using control = await openTestControlPlane();
  await using agent = await openTestAgent(await control.nodes.invite(invitation));
  const identity = JSON.parse(readFileSync(join(agent.folder.agent, 'identity.json'), 'utf8'));
  using impostor = await openImpostor({ key: identity.key, cert: identity.certificate + identity.certificateAuthority });
  const { token } = await control.nodes.invite(invitation);
  await expect(openTestAgent({ address: impostor.address, token })).rejects.toMatchObject({ code: 'certificate_authority_mismatch' });
  expect(impostor.heard()).toBe('');
});

test('nothing listening is said as that, with what to check', async () => {
  await using control = await openTestControlPlane();
  const { token } = await control.nodes.invite(invitation);
  await expect(openTestAgent({ address: '127.0.0.1:1', token })).rejects.toMatchObject({
    code: 'not_running',
    message: expect.stringMatching(/ECONNREFUSED/),
  });
});

test('guessing is slowed down per address', async () => {
  await using control = await openTestControlPlane({ joinsPerMinute: 3 });
  const { address, token } = await control.nodes.invite(invitation);
  const [head, , fingerprint] = token.split('.');
  const guess = () =>
    openTestAgent({ address, token: [head, 'g'.repeat(43), fingerprint].join('.') }).catch((error: { code: string }) => error.code);
  expect([await guess(), await guess(), await guess(), await guess()]).toEqual([
    'join_token_invalid',
    'join_token_invalid',
    'join_token_invalid',
    'too_many_requests',
  ]);
});

test('this machine’s own agent gets a token until it has joined', async () => {
  await using control = await openTestControlPlane();
  const local = await control.nodes.localInvitation();
  if (!local) throw new Error('no token');
  await using _agent = await openTestAgent(local);
  expect(control.nodes.list()).toMatchObject([{ isLocal: true }]);
  expect(await control.nodes.localInvitation()).toBeUndefined();
});

test('two machines of one name are told apart', async () => {
  await using control = await openTestControlPlane();
  await using _a = await openTestAgent({ ...(await control.nodes.invite(invitation)), name: 'lab\u001b[31m' });
  await using _b = await openTestAgent({ ...(await control.nodes.invite(invitation)), name: 'lab[31m' });
  expect(control.nodes.list().map((node) => node.name)).toEqual(['lab[31m', 'lab[31m-2']);
});

test('a removed node is told to stop, and its certificate is refused from then on', async () => {
  await using control = await openTestControlPlane();
  await using agent = await openTestAgent(await control.nodes.invite(invitation));
  const identity = readFileSync(join(agent.folder.agent, 'identity.json'), 'utf8');
  await until(isState(control.nodes, agent.link.nodeId, 'ready'), 'the node to be ready');
  await control.nodes.remove(agent.link.nodeId);
  await agent.link.removed;
  expect(control.nodes.list()).toEqual([]);
  expect(() => control.nodes.get(agent.link.nodeId)).toThrow('There is no node');

  using folder = makeTestFolder();
  writeFileSync(join(folder.agent, 'identity.json'), identity); // somebody kept a copy
  await using revenant = await openTestAgent({ address: control.nodes.address(), folder });
  await revenant.link.removed;
  expect(control.nodes.list()).toEqual([]);
});

test('keys are readable by their owner only, and survive a restart', async () => {
  using folder = makeTestFolder();
  const fingerprintOnce = async () => {
    await using control = await openTestControlPlane({ folder });
    const { token, installCommand } = await control.nodes.invite(invitation);
    return { fingerprint: token.split('.')[2], pin: installCommand.split("'")[1], address: control.nodes.address() };
  };
  const before = await fingerprintOnce();
  expect(await fingerprintOnce()).toEqual(before);
  for (const file of ['ca.key', 'link-server.key']) expect(statSync(join(folder.secrets, file)).mode & 0o777).toBe(0o600);
});

test('a taken default port moves and is remembered; a chosen one is an error', async () => {
  await using first = await openTestControlPlane();
  const port = Number(first.nodes.address().split(':')[1]);
  using folder = makeTestFolder();
  let moved: string;
  {
    await using second = await openTestControlPlane({ folder, config: { host: '127.0.0.1', port } });
    moved = second.nodes.address();
    expect(moved).not.toBe(first.nodes.address());
  }
  await using again = await openTestControlPlane({ folder, config: { host: '127.0.0.1', port } });
  expect(again.nodes.address()).toBe(moved);
  const chosen = openTestControlPlane({ config: { host: '127.0.0.1', port, isPortChosen: true } });
  await expect(chosen).rejects.toMatchObject({ code: 'port_taken' });
});

test('an invitation opens the port to others, also after a restart; an address of somebody else is refused', async () => {
  using folder = makeTestFolder();
  using machine = makeTestFolder();
  const first = await openTestControlPlane({ folder });
  await expect(first.nodes.invite({ ...invitation, listenHost: '192.0.2.1' })).rejects.toMatchObject({ code: 'listen_refused' });
  const wish = await first.nodes.invite({ ...invitation, listenHost: '127.0.0.2' });
  expect(wish.address).toBe(first.nodes.address().replace('127.0.0.1', '127.0.0.2'));
  await using agent = await openTestAgent({ ...wish, folder: machine });
  await first[Symbol.asyncDispose]();
  await using second = await openTestControlPlane({ folder, records: first.records });
  await until(isState(second.nodes, agent.link.nodeId, 'ready'), 'the node to be back on the same address');
});

test('a copied certificate is noticed when both use it', async () => {
  const alarms: string[] = [];
  const log: Logger = { ...silentLogger, error: (_fields, sentence) => alarms.push(sentence), child: () => log };
  await using control = await openTestControlPlane({ log });
  await using agent = await openTestAgent(await control.nodes.invite(invitation));
  using copy = makeTestFolder();
  copyFileSync(join(agent.folder.agent, 'identity.json'), join(copy.agent, 'identity.json'));
  await using _clone = await openTestAgent({ address: control.nodes.address(), folder: copy });
  await until(() => alarms.includes('Two agents use the certificate of one node: it was copied'), 'the alarm');
});

test('a machine without the software fetches it with the printed line, and nothing else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cai-software-'));
  const path = join(folder, 'package.tgz');
  writeFileSync(path, 'the software');
  await using control = await openTestControlPlane({ softwarePackage: async () => ({ path, size: 12 }) });
  const { installCommand, address } = await control.nodes.invite(invitation);
  const [fetchIt = '', install] = installCommand.split(' && ');
  expect(install).toBe('npm install --global ./cluster-ai.tgz');
  await run('sh', ['-c', fetchIt], { cwd: folder });
  expect(readFileSync(join(folder, 'cluster-ai.tgz'), 'utf8')).toBe('the software');

  const status = async (path: string, ...more: string[]) =>
    (await run('curl', ['-sk', '-o', '/dev/null', '-w', '%{http_code}', ...more, `https://${address}${path}`])).stdout;
  expect(await status('/join')).toBe('404');
  expect(await status('/')).toBe('404');
  expect(await status('/cluster-ai.tgz', '-H', 'Host: evil.example')).toBe('403');
  const pinned = run('sh', ['-c', fetchIt.replace('sha256//', 'sha256//AAAA')], { cwd: folder });
  await expect(pinned).rejects.toMatchObject({ code: 90 }); // curl: the pinned key does not match
  rmSync(folder, { recursive: true });
});

test('a flood of strangers from one address is cut off', async () => {
  await using control = await openTestControlPlane();
  const [host = '', port = ''] = control.nodes.address().split(':');
  const sockets = Array.from({ length: 100 }, () => connectTcp(Number(port), host).on('error', () => {}));
  await until(() => sockets.filter((socket) => socket.closed || socket.readableEnded).length === 36, '36 of 100 to be closed');
  for (const socket of sockets) socket.destroy();
});

test('the link takes nothing below TLS 1.3 and nobody without a certificate', async () => {
  await using control = await openTestControlPlane();
  const [host = '', port = ''] = control.nodes.address().split(':');
  const dial = (options: object) =>
    new Promise<string>((resolve) => {
      const socket = connect({ host, port: Number(port), rejectUnauthorized: false, ...options });
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      socket.once('close', () => resolve('closed'));
      socket.resume();
    });
  expect(await dial({ maxVersion: 'TLSv1.2', ALPNProtocols: ['cai-join'] })).toMatch(/PROTOCOL_VERSION|ECONNRESET/);
  expect(await dial({ ALPNProtocols: ['cai-link'] })).toMatch(/closed|ECONNRESET/);
  expect(await dial({ ALPNProtocols: ['cai-blob'] })).toMatch(/closed|ECONNRESET/);
  using elsewhere = makeTestFolder();
  const evil = await openCertificates({ folder: elsewhere, clock: systemClock });
  const server = await evil.issueForServer([]);
  expect(await dial({ ALPNProtocols: ['cai-link'], key: server.key, cert: server.certificate })).toMatch(/closed|ECONNRESET/);
  expect(control.nodes.list()).toEqual([]);
});

test('joins and refused joins are in the record: the first with the node’s id, the others counted', async () => {
  const folder = makeTestFolder();
  await using database = await openDatabase({ url: '', folder, log: silentLogger });
  await using audit = await openAudit({
    database,
    folder,
    clock: systemClock,
    log: silentLogger,
    retentionDays: 0,
  });
  const recorded = { acts: createActs({ audit, log: silentLogger }), denied: audit.denied };
  await using control = await openTestControlPlane({ audit: recorded, records: createNodeRecords(withAudit(database, audit)) });
  const wish = await control.nodes.invite(invitation);
  await using agent = await openTestAgent({ ...wish, name: 'desk' });
  for (let i = 0; i < 3; i++) await expect(openTestAgent(wish)).rejects.toMatchObject({ code: 'join_token_used' });
  const guessed = wish.token.replace(/\.[^.]{43}\./, `.${'a'.repeat(43)}.`);
  await expect(openTestAgent({ ...wish, token: guessed })).rejects.toMatchObject({ code: 'join_token_invalid' });
  await audit[Symbol.asyncDispose]();
  const { entries } = await audit.list({ limit: 10 });
  expect(entries.map(({ action, target, result, count, details }) => [action, target, result, count, details['code']])).toEqual([
    ['node.joined', '', 'denied', 1, 'join_token_invalid'],
    ['node.joined', '', 'denied', 3, 'join_token_used'],
    ['node.joined', agent.link.nodeId, 'ok', 1, undefined],
  ]);
  expect(entries[2]).toMatchObject({ address: expect.stringContaining('127.0.0.1'), details: { name: 'desk' } });
  expect(JSON.stringify(entries)).not.toContain(parseJoinToken(wish.token)?.secret);
});
