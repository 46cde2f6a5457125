import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { getCACertificates } from 'node:tls';
import { isClusterError } from '@cluster-ai/contracts';
import { checkHost, type OutgoingPolicy } from './check-url.ts';
import { codeOf, type Resolve, remoteFailed, resolveName, resolveOnce } from './resolve-once.ts';
import { untilAborted } from './until-aborted.ts';

export interface OutgoingConnection {
  readonly socket: Socket;
  /** Whether the owner of the cluster said that this host has no TLS. */
  readonly mayBePlain: boolean;
}

/** The one way to other systems for what is not HTTP: under the same rules as `OutgoingClient`. */
export interface OutgoingConnections {
  /** Throws `address_refused` for a host that may not be called (before anything is sent), and `remote_failed` when it does not answer. */
  connect(host: string, port: number, stop: AbortSignal): Promise<OutgoingConnection>;
  /** PEM: whom to trust beside the usual authorities. */
  readonly authorities: readonly string[];
}

export interface OutgoingConnectionsOptions {
  readonly policy: OutgoingPolicy;
  readonly authorities?: readonly string[];
  readonly resolve?: Resolve;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;

export function createOutgoingConnections({
  policy,
  authorities = [],
  resolve = resolveName,
  timeoutMs = TIMEOUT_MS,
}: OutgoingConnectionsOptions): OutgoingConnections {
  return {
    authorities: authorities.length === 0 ? [] : [...getCACertificates('default'), ...authorities],
    async connect(named, port, stop) {
      const destination = checkHost(named, port, policy);
      const until = AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)]);
      const fail = (error: unknown) => {
        throw isClusterError(error) ? error : remoteFailed(destination.host, `does not answer (${codeOf(error)})`, error);
      };
      const [first] = await untilAborted(resolveOnce(destination, resolve), until).catch(fail);
      const socket = connectTcp({ host: first?.address ?? '', port });
      socket.on('error', () => {}); // whoever uses it hears of it; until then nobody may
      await once(socket, 'connect', { signal: until }).catch((error: unknown) => {
        socket.destroy();
        return fail(error);
      });
      return { socket, mayBePlain: destination.mayBePlain };
    },
  };
}
