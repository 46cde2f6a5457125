import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Operation } from '@cluster-ai/contracts';
import { expect, test } from 'vitest';
import { toChat } from '../../bench/gateway/load.ts';
import { makeWeights } from '../../packages/control-plane/src/registry/imports/testing/make-weights.ts';
import { sha256, startOllamaRegistry } from '../../packages/control-plane/src/registry/imports/testing/ollama-registry.ts';
import { s3Credentials, startS3 } from '../../packages/control-plane/src/stores/testing/start-s3.ts';
import { eventually, startCluster } from '../support/start-cluster.ts';

const MIB = 1024 * 1024;

test('models that lie in S3 are served, imported also past a kill, and are there after a restart', async () => {
  await using s3 = await startS3();
  await using upstream = await startOllamaRegistry();
  const script = join(s3.folder, 'demo.fake.json');
  await writeFile(script, JSON.stringify({ fake: 1, text: 'From a bucket.' }));
  const hosts = `["${upstream.host}"]`;
  await using cluster = await startCluster({
    config: `blobs: { path: '${s3.urlOf('cluster')}' }\noutgoing: { allowedHosts: ${hosts}, plainHosts: ${hosts} }\n`,
    environment: { AWS_ACCESS_KEY_ID: s3Credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: s3Credentials.secretAccessKey },
    models: { demo: script },
  });
  const headers = () => ({ ...cluster.ownerHeaders(), 'content-type': 'application/json' });
  const ask = async (url: string) => {
    const answer = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers: headers(), body: toChat('demo', false) });
    return answer.text();
  };
  expect(await ask(cluster.url)).toContain('From a bucket.');
  const inBucket = () => readdirSync(join(s3.folder, 'models', 'cluster', 'sha256'), { recursive: true }).join('\n');
  expect(inBucket()).not.toBe('');
  expect(readdirSync(join(cluster.dataFolder, 'blobs'))).not.toContain('sha256');

  const weights = makeWeights();
  const large = Buffer.concat([weights, Buffer.alloc(40 * MIB - weights.length, 7)]);
  const digest = sha256(large);
  upstream.publish('lab/tiny:1b', { model: large });
  const { promise: isStuck, resolve: stuck } = Promise.withResolvers<void>();
  let served = 0;
  upstream.intercept = ({ url, headers: { range } }) => {
    if (url?.endsWith(digest) !== true || range === 'bytes=0-0' || ++served <= 2) return false;
    stuck();
    return true; // never answers
  };
  const api = async (path: string, body?: object): Promise<Pick<Operation, 'id' | 'endedAt'>> => {
    const how = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    return (await fetch(`${cluster.url}/api/v1${path}`, { ...how, headers: headers() })).json() as Promise<Operation>;
  };
  const { id } = await api('/registry/imports', { reference: `${upstream.host}/lab/tiny:1b`, name: 'lab/tiny:1b' });
  await isStuck;
  expect(inBucket()).not.toContain(digest.slice(-20));
  process.kill((await cluster.pids()).controlPlane, 'SIGKILL');
  upstream.intercept = undefined;
  const ended = await eventually('the import to be done', async () => {
    const operation = await api(`/operations/${id}`).catch(() => undefined);
    return operation?.endedAt ? operation : undefined;
  });
  expect(ended).toMatchObject({ state: 'done', result: { name: 'lab/tiny', version: 1 } });
  expect(inBucket()).toContain(digest.slice(-20));

  await using again = await cluster.restart();
  expect(await ask(again.url)).toContain('From a bucket.');
});
