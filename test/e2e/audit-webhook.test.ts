import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { startCluster } from '../support/start-cluster.ts';

const secret = 'planted-secret-of-the-webhook';

test('attack 52: a cluster that stops has sent its last checkpoint to the webhook, signed, and its secret is in no log', async () => {
  const got: { path: string; headers: Record<string, unknown>; body: string }[] = [];
  const server = createServer(async (request, response) => {
    got.push({ path: request.url ?? '', headers: request.headers, body: await text(request) });
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const dataFolder = await mkdtemp(join(tmpdir(), 'audit-webhook-'));
  try {
    const webhook = { url: `http://${host}/planted-path`, secret: 'audit-hook' };
    const config = { access: { audit: { checkpoints: { webhook } } }, outgoing: { allowedHosts: [host], plainHosts: [host] } };
    const cluster = await startCluster({ dataFolder, config: JSON.stringify(config) });
    const put = await fetch(`${cluster.url}/api/v1/secrets/audit-hook`, {
      method: 'PUT',
      headers: { ...cluster.ownerHeaders(), 'content-type': 'application/json' },
      body: JSON.stringify({ value: secret, purpose: 'webhook' }),
    });
    expect(put.status).toBe(200);
    await cluster.stop();

    const { path, headers, body = '' } = got.at(-1) ?? {};
    expect(path).toBe('/planted-path');
    expect((await readFile(join(dataFolder, 'state', 'audit-checkpoints.jsonl'), 'utf8')).trim().split('\n').at(-1)).toBe(body);
    const time = Number(headers?.['webhook-timestamp']);
    expect(Math.abs(Date.now() / 1000 - time)).toBeLessThan(600); // seconds: of today, not of another time
    const proof = createHmac('sha256', secret).update(`${headers?.['webhook-id']}.${time}.${body}`).digest('base64');
    expect(headers?.['webhook-signature']).toBe(`v1,${proof}`);

    const logs = (await readdir(join(dataFolder, 'logs'))).map((name) => readFile(join(dataFolder, 'logs', name), 'utf8'));
    const written = `${(await Promise.all(logs)).join('')}${cluster.output()}`;
    expect(written).toContain('The control plane stops');
    for (const planted of [secret, 'planted-path']) expect(written).not.toContain(planted);
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(dataFolder, { recursive: true, force: true });
  }
});
