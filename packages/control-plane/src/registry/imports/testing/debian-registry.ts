import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PROGRAM = 'docker-registry';

/** Debian's package `docker-registry`: the registry that most others are measured by. */
export async function whyNoRegistry(): Promise<string | undefined> {
  try {
    await promisify(execFile)(PROGRAM, ['--version']);
    return undefined;
  } catch {
    return 'the program docker-registry (Debian: apt-get install docker-registry) is not there';
  }
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (child.exitCode !== null) throw new Error(`${PROGRAM} ended with ${child.exitCode}.`);
    const isReady = await fetch(`${url}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${PROGRAM} does not answer.`);
}

/** A registry of its own over an empty folder, on this machine only. */
export async function startDebianRegistry() {
  const folder = await mkdtemp(join(tmpdir(), 'registry-'));
  const host = `127.0.0.1:${await findFreePort()}`;
  const config = join(folder, 'config.yml');
  await writeFile(
    config,
    `version: 0.1\nlog: { level: error }\nstorage: { filesystem: { rootdirectory: ${folder}/data } }\nhttp: { addr: "${host}" }\n`,
  );
  const child = spawn(PROGRAM, ['serve', config], { stdio: 'ignore' });
  const url = `http://${host}`;
  await untilReady(url, child);

  async function putBlob(repository: string, bytes: Buffer, digest: string): Promise<void> {
    const begun = await fetch(`${url}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
    const place = new URL(begun.headers.get('location') ?? '', url);
    place.searchParams.set('digest', digest);
    const done = await fetch(place, {
      method: 'PUT',
      body: new Uint8Array(bytes),
      headers: { 'content-type': 'application/octet-stream' },
    });
    if (done.status !== 201) throw new Error(`The blob was not taken: ${done.status}`);
  }

  return {
    host,
    url,
    putBlob,
    async putManifest(repository: string, tag: string, mediaType: string, manifest: object): Promise<void> {
      const done = await fetch(`${url}/v2/${repository}/manifests/${tag}`, {
        method: 'PUT',
        body: JSON.stringify(manifest),
        headers: { 'content-type': mediaType },
      });
      if (done.status !== 201) throw new Error(`The manifest was not taken: ${done.status} ${await done.text()}`);
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
