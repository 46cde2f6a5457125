import { createHash } from 'node:crypto';
import { cpSync, createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { blobSession, joinSession, linkServerName } from '@cluster-ai/runtime';
import { expect, test } from 'vitest';
import { createFetchBlob, trustOf } from '../../packages/agent/src/link/blob-client.ts';
import { makeCertificateRequest } from '../../packages/agent/src/link/certificate-request.ts';
import { ask, askJson, endSession } from '../../packages/agent/src/link/control-plane-client.ts';
import { dial, type Protocol, toClientSession } from '../../packages/agent/src/link/dial.ts';
import { type Identity, loadIdentity } from '../../packages/agent/src/link/identity.ts';
import { isState, makeTestFolder, openTestAgent, openTestControlPlane, type TestAgent, testSpec, until } from './fixtures/link-parts.ts';

const never = new AbortController().signal;
const invitation = { name: '', ttlSeconds: 600, listenHost: '127.0.0.1' };
const bytes = Buffer.from('the weights of somebody else');
const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A control plane that has weights. */
async function openCluster(wish: Parameters<typeof openTestControlPlane>[0] = {}) {
  const files = makeTestFolder();
  const path = join(files.root, 'weights');
  writeFileSync(path, bytes);
  const control = await openTestControlPlane({
    ...wish,
    locateBlob: async () => ({ filePath: path, sizeBytes: bytes.length, read: async () => createReadStream(path) }),
  });
  const specOf = (replicaId: string) => ({ ...testSpec(replicaId), file: { digest, sizeBytes: bytes.length } });
  return {
    ...control,
    specOf,
    async [Symbol.asyncDispose]() {
      await control[Symbol.asyncDispose]();
      files[Symbol.dispose]();
    },
  };
}

/** What a thief has: the identity file of a node. */
function steal({ folder }: TestAgent): Identity {
  const identity = loadIdentity(folder);
  if (!identity) throw new Error('The agent has no identity.');
  return identity;
}

const openAs = async (identity: Identity, protocol: Protocol) =>
  toClientSession(await dial(identity.address, protocol, trustOf(identity), never), protocol === 'cai-join' ? joinSession : blobSession);

test('attack 45: a stolen certificate of a node reaches nothing but what that node was ordered to run', async () => {
  await using cluster = await openCluster();
  const { nodes, specOf } = cluster;
  await using victim = await openTestAgent(await nodes.invite(invitation));
  await using other = await openTestAgent(await nodes.invite(invitation));
  await until(isState(nodes, victim.link.nodeId, 'ready'), 'the first node to be ready');
  await until(isState(nodes, other.link.nodeId, 'ready'), 'the second node to be ready');
  await nodes.putReplica(other.link.nodeId, specOf('replica_of_other'));
  const stolen = steal(victim);

  const session = await openAs(stolen, 'cai-blob');
  await expect(ask(session, { method: 'GET', path: `/blobs/${digest}`, signal: never })).rejects.toMatchObject({ code: 'blob_not_found' });
  for (const [method, path] of [
    ['GET', '/api/v1/nodes'],
    ['POST', '/api/v1/keys'],
    ['DELETE', `/api/v1/nodes/${other.link.nodeId}`],
    ['GET', '/secrets/ca.key'],
    ['GET', `/blobs/../secrets/ca.key`],
    ['PUT', `/blobs/${digest}`],
    ['POST', '/join'],
    ['GET', '/metrics'],
    ['GET', '/renew'],
  ] as const)
    await expect(ask(session, { method, path, signal: never }), `${method} ${path}`).rejects.toMatchObject({ code: 'unknown_route' });

  // a new certificate is one for the same node, whatever the request says
  const { certificateRequest } = await makeCertificateRequest();
  const body = Buffer.from(JSON.stringify({ certificateRequest, nodeId: other.link.nodeId, name: 'admin' }));
  await askJson(session, { method: 'POST', path: '/renew', body, signal: never });
  expect(nodes.list().map(({ id }) => id)).toEqual([victim.link.nodeId, other.link.nodeId]);
  endSession(session);

  // a second identity needs a token like anybody's
  const joining = await openAs(stolen, 'cai-join');
  const join = Buffer.from(JSON.stringify({ token: 'cai_join_x.y.z', name: 'second', certificateRequest, agentVersion: '0' }));
  await expect(askJson(joining, { method: 'POST', path: '/join', body: join, signal: never })).rejects.toMatchObject({
    code: 'join_token_invalid',
  });
  endSession(joining);
  expect(nodes.list()).toHaveLength(2);
  expect(nodes.get(other.link.nodeId).replicas.map(({ replicaId }) => replicaId)).toEqual(['replica_of_other']);
});

test('attack 45: a node’s certificate shown to the software site opens no other page', async () => {
  await using cluster = await openCluster();
  await using victim = await openTestAgent(await cluster.nodes.invite(invitation));
  const { key, certificate, certificateAuthority, address } = steal(victim);
  const [host = '', port = ''] = address.split(':');
  const status = (path: string) =>
    new Promise<number>((resolve, reject) => {
      const options = { host, port, path, key, cert: certificate, ca: certificateAuthority, servername: linkServerName };
      httpsRequest({ ...options, headers: { host: 'localhost' } }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on('error', reject)
        .end();
    });
  for (const path of ['/api/v1/nodes', '/metrics', '/join', '/blobs', '/']) expect(await status(path), path).toBe(404);
});

test('revocation acts at once: open connections end, new ones are refused, nothing is renewed', async () => {
  await using cluster = await openCluster();
  const { nodes, specOf } = cluster;
  await using victim = await openTestAgent(await nodes.invite(invitation));
  await until(isState(nodes, victim.link.nodeId, 'ready'), 'the node to be ready');
  await nodes.putReplica(victim.link.nodeId, specOf('replica_1'));
  const stolen = steal(victim);
  const session = await openAs(stolen, 'cai-blob');
  await (await ask(session, { method: 'GET', path: `/blobs/${digest}`, signal: never })).body.toArray();

  const revokedAt = performance.now();
  await nodes.remove(victim.link.nodeId);
  await until(() => session.destroyed, 'the open connection to end');
  await victim.link.removed; // the link as well, with word of why
  console.log(`Revocation took ${Math.round(performance.now() - revokedAt)} ms to end an open connection.`);
  const renewal = openAs(stolen, 'cai-blob').then((late) => ask(late, { method: 'GET', path: `/blobs/${digest}`, signal: never }));
  await expect(renewal).rejects.toMatchObject({ code: 'not_running' });
  expect(nodes.list()).toEqual([]);
});

test('attack 43: a copied certificate raises the alarm, and the node gets no more work', async () => {
  await using cluster = await openCluster();
  const { nodes, specOf } = cluster;
  await using agent = await openTestAgent(await nodes.invite(invitation));
  const id = agent.link.nodeId;
  await until(isState(nodes, id, 'ready'), 'the node to be ready');
  using copy = makeTestFolder();
  cpSync(join(agent.folder.agent, 'identity.json'), join(copy.agent, 'identity.json'));
  await using _clone = await openTestAgent({ address: nodes.address(), folder: copy });
  await until(isState(nodes, id, 'degraded', 'certificate_copied'), 'the alarm');
  expect(nodes.get(id).condition.hint).toContain('nodes rm');
  await expect(nodes.putReplica(id, specOf('for_the_thief'))).rejects.toMatchObject({
    code: 'node_unreachable',
    message: expect.stringContaining('it was copied'),
  });
  expect(nodes.get(id).replicas).toEqual([]);
  await expect(createFetchBlob(copy)(digest, 0, never)).rejects.toMatchObject({ code: 'blob_not_found' });
  await nodes.remove(id);
  await agent.link.removed;
  await expect(nodes.putReplica(id, specOf('late'))).rejects.toMatchObject({ code: 'node_not_found' });
});

test('with manual approval a machine that joined gets no work and no weights until somebody approves it', async () => {
  await using cluster = await openCluster({ approval: 'manual' });
  const { nodes, specOf, records } = cluster;
  await using agent = await openTestAgent(await nodes.invite(invitation));
  const id = agent.link.nodeId;
  await until(isState(nodes, id, 'starting', 'awaiting_approval'), 'the node to wait');
  await expect(nodes.putReplica(id, specOf('replica_1'))).rejects.toMatchObject({
    code: 'node_unreachable',
    hint: expect.stringContaining('approve'),
  });
  const fetchBlob = createFetchBlob(agent.folder);
  await expect(fetchBlob(digest, 0, never)).rejects.toMatchObject({ code: 'blob_not_found' });
  expect((await records.list())[0]?.approvedAt).toBeNull();

  expect((await nodes.approve(id)).condition).toMatchObject({ state: 'ready' });
  await nodes.putReplica(id, specOf('replica_1'));
  const { body } = await fetchBlob(digest, 0, never);
  expect(Buffer.concat(await body.toArray()).equals(bytes)).toBe(true);
  await nodes.approve(id); // twice is no mistake
  await expect(nodes.approve('node_nobody')).rejects.toMatchObject({ code: 'node_not_found' });
});

test('this machine’s own agent needs nobody’s approval; one that was approved stays so over a restart', async () => {
  using folder = makeTestFolder();
  using machine = makeTestFolder();
  const first = await openTestControlPlane({ folder, approval: 'manual' });
  const local = await first.nodes.localInvitation();
  if (!local) throw new Error('no token');
  await using own = await openTestAgent(local);
  await until(isState(first.nodes, own.link.nodeId, 'ready'), 'this machine to be ready');
  await using other = await openTestAgent({ ...(await first.nodes.invite(invitation)), folder: machine });
  await until(isState(first.nodes, other.link.nodeId, 'starting', 'awaiting_approval'), 'the other to wait');
  await first.nodes.approve(other.link.nodeId);
  await first[Symbol.asyncDispose]();
  await using second = await openTestControlPlane({ folder, records: first.records, approval: 'manual' });
  await until(isState(second.nodes, other.link.nodeId, 'ready'), 'the other to be back');
  expect(readFileSync(join(machine.agent, 'identity.json'), 'utf8')).toContain(other.link.nodeId);
});
