import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';
import { expect, onTestFinished, test } from 'vitest';
import { toChat } from '../../bench/gateway/load.ts';
import { startCluster } from '../support/start-cluster.ts';

test('models that lie in S3 are served, and are there after a restart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cluster-ai-e2e-s3-'));
  const s3 = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory: folder,
    configureBuckets: [{ name: 'models', configs: [] }],
  });
  const { port } = await s3.run();
  onTestFinished(async () => {
    s3.httpServer.closeAllConnections();
    s3.httpServer.close();
    await once(s3.httpServer, 'close');
    await rm(folder, { recursive: true, force: true });
  });
  const script = join(folder, 'demo.fake.json');
  await writeFile(script, JSON.stringify({ fake: 1, text: 'From a bucket.' }));
  const place = `s3://models/cluster?${new URLSearchParams({ endpoint: `http://127.0.0.1:${port}`, region: 'eu-west-1' })}`;
  await using cluster = await startCluster({
    config: `blobs: { path: '${place}' }\n`,
    environment: { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' },
    models: { demo: script },
  });
  const ask = async (url: string) => {
    const headers = { ...cluster.ownerHeaders(), 'content-type': 'application/json' };
    const answer = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body: toChat('demo', false) });
    return answer.text();
  };
  expect(await ask(cluster.url)).toContain('From a bucket.');
  expect(readdirSync(join(folder, 'models', 'cluster', 'sha256')).length).toBeGreaterThan(0);
  expect(readdirSync(join(cluster.dataFolder, 'blobs'))).not.toContain('sha256');
  await using again = await cluster.restart();
  expect(await ask(again.url)).toContain('From a bucket.');
});
