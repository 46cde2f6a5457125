import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const toConfig = (folder: string, address: string, root: string, user: string) => `
daemon off;
${user}
worker_processes auto;
pid ${folder}/nginx.pid;
error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen ${address} backlog=1024;
    root ${root};
  }
}
`;

/** nginx as Debian sets it up for files (`sendfile`, a worker per core), over a folder. */
export async function serveFilesWithNginx(root: string, host = '127.0.0.1') {
  const folder = await mkdtemp(join(tmpdir(), 'nginx-files-'));
  const address = `${host}:${await findFreePort()}`;
  await writeFile(join(folder, 'nginx.conf'), toConfig(folder, address, root, process.getuid?.() === 0 ? 'user root;' : ''));
  const nginx = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: ['ignore', 'ignore', 'inherit'] });
  const url = `http://${address}`;
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await fetch(url).catch(() => undefined)) break;
    await sleep(50);
  }
  return {
    url,
    async [Symbol.asyncDispose]() {
      const ended = once(nginx, 'exit');
      nginx.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
