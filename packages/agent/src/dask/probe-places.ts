import { connect, createServer, type Server } from 'node:net';
import { ClusterError, type ProbeAnswer } from '@cluster-ai/contracts';
import { type Clock, errnoOf } from '@cluster-ai/runtime';
import type { ListenPlace } from './compute.ts';

const listenForMs = 10_000;
/** More at a time than one control plane tries. */
const mostListeners = 16;

interface Wish {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/** Opens one connection there and closes it. What stands in the way is an answer, not an error. */
export function probePlace({ host, port, timeoutMs }: Wish, clock: Pick<Clock, 'monotonic'>): Promise<ProbeAnswer> {
  const startedAt = clock.monotonic();
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const answer = (isReachable: boolean, message: string) => {
      socket.destroy();
      resolve({ isReachable, message, tookMs: Math.round((clock.monotonic() - startedAt) * 10) / 10 });
    };
    socket.setTimeout(timeoutMs, () => answer(false, 'ETIMEDOUT'));
    socket.once('connect', () => answer(true, ''));
    socket.on('error', (error) => answer(false, errnoOf(error) ?? error.message));
  });
}

const toListenError = (error: unknown, { host, port }: ListenPlace) => {
  const code = errnoOf(error) ?? 'unknown';
  return code === 'EADDRINUSE'
    ? new ClusterError('port_taken', `Another program already listens on ${host}:${port}.`, { cause: error })
    : new ClusterError('listen_refused', `This machine cannot listen on ${host}:${port} (${code}).`, { cause: error });
};

/** Places where this machine listens for a moment, so that others can try the way to a worker before there is one. */
export interface ProbeListeners extends AsyncDisposable {
  /** Throws `port_taken` or `listen_refused`. */
  open(place: ListenPlace): Promise<ListenPlace>;
  closeAll(): Promise<void>;
}

export function createProbeListeners({ clock }: { readonly clock: Clock }): ProbeListeners {
  const open = new Map<Server, AbortController>();

  const close = async (server: Server) => {
    open.get(server)?.abort(new Error('Nobody is expected any more'));
    open.delete(server);
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  const closeAll = async () => void (await Promise.all([...open.keys()].map(close)));

  return {
    async open(place) {
      if (open.size >= mostListeners) throw new ClusterError('listen_refused', 'This machine listens for too many tries already.');
      const server = createServer((socket) => {
        socket.on('error', () => {}); // whoever dialled is gone, which is all that was wanted
        socket.end();
        socket.destroySoon();
      });
      const over = new AbortController();
      open.set(server, over);
      try {
        await new Promise<void>((resolve, reject) => {
          server.once('error', reject);
          server.listen({ ...place, exclusive: true }, resolve);
        });
      } catch (error) {
        open.delete(server);
        throw toListenError(error, place);
      }
      void clock
        .sleep(listenForMs, over.signal)
        .then(() => close(server))
        .catch(() => {}); // it was closed before its time
      const address = server.address();
      return { host: place.host, port: typeof address === 'object' && address !== null ? address.port : place.port };
    },
    closeAll,
    [Symbol.asyncDispose]: closeAll,
  };
}
