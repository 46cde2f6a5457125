import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { link, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCluster } from '../../test/support/start-cluster.ts';
import { serveFilesWithNginx } from './nginx-files.ts';
import { storeBlob } from './store-blob.ts';

async function writeWeights(file: string, megabytes: number): Promise<void> {
  const target = createWriteStream(file);
  const block = Buffer.alloc(1e6);
  for (let i = 0; i < megabytes; i++) if (!target.write(Buffer.from(randomFillSync(block)))) await once(target, 'drain');
  target.end();
  await once(target, 'close');
}

/** On loopback nobody has a key yet; the first one is made there. */
async function makeKey(dataFolder: string, models: Readonly<Record<string, string>>): Promise<string> {
  await using cluster = await startCluster({ dataFolder, models });
  const { code, stdout, stderr } = await cluster.cli('keys', 'create', 'bench', '--role', 'admin', '--json');
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout).key;
}

/** Control plane and nginx at one address, the same file at both. Beyond loopback ours has TLS, as it has on a LAN; nginx has not. */
export async function openDownloadServers(host: string, megabytes: number, tokenMs: number) {
  const folder = await mkdtemp(join(tmpdir(), 'bench-downloads-'));
  const dataFolder = join(folder, 'data');
  const [script, file, site] = ['steady.fake.json', 'weights', 'site'].map((name) => join(folder, name)) as [string, string, string];
  await writeFile(
    script,
    JSON.stringify({ fake: 1, parallel: 16, tokensPerSecond: 1000 / tokenMs, answerTokens: 100_000, contextSize: 1e7 }),
  );
  await writeWeights(file, megabytes);
  const key = await makeKey(dataFolder, { steady: script });
  const isLoopback = host === '127.0.0.1';
  const listener = `{ host: ${host}, tls: internal }`;
  const cluster = await startCluster({ dataFolder, ...(isLoopback ? {} : { config: `listeners:\n  main: ${listener}\n` }) });
  const trusted = isLoopback ? undefined : (JSON.parse((await cluster.cli('trust', '--json')).stdout) as { file: string }).file;
  const { path, stored } = await storeBlob(dataFolder, file);
  await mkdir(site);
  await link(stored, join(site, 'weights')); // the same bytes in the same memory
  await writeFile(join(site, 'tiny'), 'x'.repeat(500));
  const nginx = await serveFilesWithNginx(site, host);
  return {
    folder,
    cluster,
    headers: { authorization: `Bearer ${key}` },
    /** What the control plane's certificate is checked by; `undefined` where it has none. */
    authority: trusted,
    files: { ours: `${cluster.url}${path}`, nginx: `${nginx.url}/weights` },
    tinyFile: `${nginx.url}/tiny`,
    async [Symbol.asyncDispose]() {
      await nginx[Symbol.asyncDispose]();
      await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
