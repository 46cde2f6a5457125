import { readFile, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ClusterError } from '@cluster-ai/contracts';
import { type DataFolder, errnoOf } from '@cluster-ai/runtime';
import type { FastifyInstance } from 'fastify';
import { isLoopback } from './allowed-hosts.ts';

export interface ListenWish {
  /** Names the listener in messages and in the stored choice of its port. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** What to do when somebody else has the port: fail, or move to a free one and remember it. */
  readonly whenTaken: 'fail' | 'move';
  readonly isEncrypted: boolean;
  /** Somebody wrote the long flag: passwords and prompts may be read on the way. */
  readonly isPlainHttpAccepted: boolean;
  readonly mayLeaveLoopback: MayLeaveLoopback;
}

/** Whether others than this machine may be let in at all: only once nobody needs to be let in without a name. */
export type MayLeaveLoopback = () => { readonly allowed: boolean; readonly reason: string; readonly hint: string };

const portFile = (folder: DataFolder, name: string) => join(folder.root, 'state', `${name}.port`);

async function storedPort(folder: DataFolder, name: string): Promise<number | undefined> {
  const text = await readFile(portFile(folder, name), 'utf8').catch(() => '');
  const port = Number.parseInt(text, 10);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}

async function tryListen(app: FastifyInstance, host: string, port: number): Promise<number | undefined> {
  try {
    await app.listen({ host, port, listenTextResolver: () => '' });
    return (app.server.address() as AddressInfo).port;
  } catch (error) {
    if (errnoOf(error) === 'EADDRINUSE') return undefined;
    if (errnoOf(error) === 'EACCES')
      throw new ClusterError('listen_refused', `This user may not listen on port ${port}.`, {
        hint: 'Choose a port above 1023 with --port.',
        cause: error,
      });
    throw error;
  }
}

/** Throws `listen_refused` where a listener would let strangers in, or send in the clear what is nobody else's. */
function checkPlace({ name, host, port, isEncrypted, isPlainHttpAccepted, mayLeaveLoopback }: ListenWish): void {
  if (isLoopback(host)) return;
  const tunnel = `From another machine use an SSH tunnel: ssh -L ${port}:127.0.0.1:${port} HOST`;
  const { allowed, reason, hint } = mayLeaveLoopback();
  if (!allowed)
    throw new ClusterError('listen_refused', `The ${name} listener may not listen on ${host}: ${reason}`, { hint: `${hint} ${tunnel}` });
  if (!isEncrypted && !isPlainHttpAccepted)
    throw new ClusterError(
      'listen_refused',
      `The ${name} listener may not listen on ${host} without TLS: keys and prompts could be read on the way.`,
      {
        hint: `Set listeners.${name}.tls to internal, files or acme. ${tunnel}`,
      },
    );
}

/** Opens a listener and says which port it has. Throws `listen_refused` or `port_taken`. */
export async function openListener(app: FastifyInstance, wish: ListenWish, folder: DataFolder): Promise<number> {
  const { name, host, port, whenTaken } = wish;
  checkPlace(wish);
  const moved = whenTaken === 'move' ? await storedPort(folder, name) : undefined;
  for (const candidate of moved === undefined || moved === port ? [port] : [moved, port]) {
    const opened = await tryListen(app, host, candidate);
    if (opened !== undefined) return opened;
  }
  if (whenTaken === 'fail') {
    throw new ClusterError('port_taken', `Port ${port} on ${host} is taken by another program.`, {
      hint: 'Stop that program, or choose another port (0 picks a free one).',
    });
  }
  const free = await tryListen(app, host, 0);
  if (free === undefined) throw new ClusterError('port_taken', `No free port was found on ${host}.`);
  await writeFile(portFile(folder, name), `${free}\n`, { mode: 0o600 });
  return free;
}
