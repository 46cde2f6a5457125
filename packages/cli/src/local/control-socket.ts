import { createHash } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterError } from '@cluster-ai/contracts';
import { type DataFolder, errnoOf } from '@cluster-ai/runtime';
import { z } from 'zod';

// the kernel's limit for a socket's path is 107 bytes on Linux and 103 on macOS
const LONGEST_SOCKET_PATH = 100;
const ANSWER_WITHIN_MS = 2000;

/** What the process that holds a data folder says about itself. */
export const holderShape = z.object({
  pid: z.int(),
  role: z.enum(['up', 'join']),
  version: z.string(),
  startedAt: z.iso.datetime(),
  /** Of the main listener; null while it is not open, and on machines that only joined. */
  url: z.string().nullable(),
  agent: z.object({
    state: z.enum(['starting', 'connected', 'disconnected', 'failed']),
    message: z.string(),
    nodeId: z.string().nullable(),
    name: z.string().nullable(),
  }),
});
export type Holder = z.infer<typeof holderShape>;

type Command = 'describe' | 'stop';

/** Where the process of a data folder listens. A path that is too long for a socket is replaced by a short one, the same each time. */
export function controlSocketPath(folder: DataFolder): string {
  const path = join(folder.run, 'control.sock');
  if (Buffer.byteLength(path) <= LONGEST_SOCKET_PATH) return path;
  const key = createHash('sha256').update(folder.root).digest('hex').slice(0, 16);
  return join(tmpdir(), `cluster-ai-${process.getuid?.() ?? 0}-${key}.sock`);
}

function connectTo(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', (error) => (['ENOENT', 'ECONNREFUSED'].includes(errnoOf(error) ?? '') ? resolve(undefined) : reject(error)));
  });
}

async function readAll(socket: Socket): Promise<string> {
  let answer = '';
  for await (const chunk of socket.setEncoding('utf8')) answer += chunk;
  return answer;
}

/** Sends one command to whoever holds the folder. `undefined` when nobody does. */
export async function askHolder(path: string, command: Command): Promise<Holder | undefined> {
  const socket = await connectTo(path);
  if (socket === undefined) return undefined;
  const timer = setTimeout(() => socket.destroy(new Error('no answer')), ANSWER_WITHIN_MS);
  socket.end(`${command}\n`);
  try {
    return holderShape.parse(JSON.parse(await readAll(socket)));
  } catch (cause) {
    throw new ClusterError('already_running', `Another process holds ${path} and does not say what it is.`, {
      hint: 'Stop that program, or name another folder with --data-dir.',
      cause,
    });
  } finally {
    clearTimeout(timer);
  }
}

export interface ControlSocketDeps {
  readonly path: string;
  readonly describe: () => Holder;
  readonly onStop: () => void;
}

function serve({ describe, onStop }: ControlSocketDeps): Server {
  // a client half-closes after its command and still reads the answer
  return createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {}); // whoever asked went away
    socket.setEncoding('utf8').once('data', (command) => {
      socket.end(JSON.stringify(describe()));
      if (String(command).trim() === 'stop') onStop();
    });
  });
}

function listen(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error) => (errnoOf(error) === 'EADDRINUSE' ? resolve(false) : reject(error));
    server.once('error', onError);
    server.listen(path, () => {
      server.off('error', onError);
      resolve(true);
    });
  });
}

function toAlreadyRunning({ url, pid, role }: Holder): ClusterError {
  const where = url === null ? '' : ` at ${url}`;
  return new ClusterError(
    'already_running',
    `The ${role === 'up' ? 'cluster' : 'agent'} of this folder is already running${where} (process ${pid}).`,
    {
      hint: 'Use it as it is, stop it with "cluster-ai down", or name another folder with --data-dir.',
      details: { pid, url, role },
    },
  );
}

/**
 * Clears away the socket of a process that was killed. It is moved aside before it is looked at, so that of two processes that start
 * at once none removes the other's fresh socket: what turns out to be alive is moved back.
 */
async function clearStale(path: string): Promise<void> {
  const aside = `${path}.${process.pid}`;
  await rename(path, aside).catch(() => {}); // somebody else was faster: the next try to listen tells
  const holder = await askHolder(aside, 'describe');
  if (holder === undefined) return rm(aside, { force: true });
  await rename(aside, path);
  throw toAlreadyRunning(holder);
}

/** Takes the folder for this process until disposed. Throws `already_running` with the holder's address and process id. */
export async function openControlSocket(deps: ControlSocketDeps): Promise<AsyncDisposable> {
  const server = serve(deps);
  for (let attempt = 0; attempt < 3; attempt++) {
    const holder = await askHolder(deps.path, 'describe');
    if (holder !== undefined) throw toAlreadyRunning(holder);
    if (await listen(server, deps.path)) {
      return { [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())) };
    }
    await clearStale(deps.path);
  }
  throw new ClusterError('already_running', `Other processes keep starting on ${deps.path}.`, { hint: 'Try again in a moment.' });
}
