import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Whether nginx is installed here. */
export const hasNginx = (): Promise<boolean> =>
  promisify(execFile)('nginx', ['-v']).then(
    () => true,
    () => false,
  );

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const toConfig = (folder: string, port: number, { backendPort, server = '', location = '' }: NginxOptions) => `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  client_max_body_size 20m;
  client_body_buffer_size 64k;
  upstream backend { server 127.0.0.1:${backendPort}; keepalive 256; }
  server {
    listen 127.0.0.1:${port} backlog=1024;
    keepalive_requests 1000000;
    ${server}
    location / {
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      ${location}
    }
  }
}
`;

/** Whether it came to listen there: somebody else may have taken the port since it was found free. */
async function becomesOpen(nginx: ChildProcess, port: number): Promise<boolean> {
  while (nginx.exitCode === null) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(
      () => false,
    );
    socket.destroy();
    if (isOpen && nginx.exitCode === null) return true;
    await sleep(50);
  }
  return false;
}

export interface NginxOptions {
  readonly backendPort: number;
  /** More of the configuration, in the server and in its one location. */
  readonly server?: string;
  readonly location?: string;
}

/** nginx as the current user in a folder of its own, in front of a port of this machine; it keeps connections to that open. */
export async function startNginx(options: NginxOptions) {
  const folder = await mkdtemp(join(tmpdir(), 'nginx-'));
  const start = async (tries: number): Promise<{ port: number; nginx: ChildProcess }> => {
    const port = await findFreePort();
    await writeFile(join(folder, 'nginx.conf'), toConfig(folder, port, options));
    const nginx = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: ['ignore', 'ignore', 'inherit'] });
    if (await becomesOpen(nginx, port)) return { port, nginx };
    if (tries === 1) throw new Error('nginx did not open its port.');
    return start(tries - 1);
  };
  const { port, nginx } = await start(5);
  return {
    port,
    pid: nginx.pid ?? -1,
    async [Symbol.asyncDispose]() {
      const ended = once(nginx, 'exit');
      nginx.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
