import type { X509Certificate } from 'node:crypto';
import type { Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { alpn, ClusterError, phrase } from '@cluster-ai/contracts';
import { errnoOf, type Logger } from '@cluster-ai/runtime';
import type { Certificates } from './certificates.ts';

/** Connections of one address that have not shown a node's certificate. */
const mostStrangersPerAddress = 64;
const handshakeMs = 10_000;

export interface LinkListenerDeps {
  readonly certificates: Certificates;
  readonly onJoin: (socket: TLSSocket) => void;
  /** A certificate may be anything here, or absent. True when the other end turned out to be a node of ours. */
  readonly onNode: (protocol: 'cai-link' | 'cai-blob', socket: TLSSocket, peer: X509Certificate | undefined) => boolean;
  readonly site: HttpServer;
  readonly log: Logger;
}

/** The link port, on as many addresses as needed. */
export interface LinkListener extends AsyncDisposable {
  /** Throws `port_taken` or `listen_refused`. Resolves to the port. */
  listen(host: string, port: number): Promise<number>;
  /** The names that the server's certificate carries from now on. */
  announce(names: readonly string[]): Promise<void>;
}

function toListenError(error: unknown, host: string, port: number): ClusterError {
  if (errnoOf(error) === 'EADDRINUSE')
    return new ClusterError('port_taken', phrase('link_port_taken', { port, host }), {
      hint: phrase('choose_link_port'),
      cause: error,
    });
  return new ClusterError('listen_refused', phrase('link_refused', { place: `${host}:${port}`, code: errnoOf(error) ?? 'unknown' }), {
    hint: phrase('name_an_own_address'),
    cause: error,
  });
}

function listenOn(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(toListenError(error, host, port)));
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

export async function createLinkListener(deps: LinkListenerDeps): Promise<LinkListener> {
  const { certificates, onJoin, onNode, site, log } = deps;
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const strangers = new Map<string, number>();

  const toContext = async (names: readonly string[]) => {
    const { key, certificate } = await certificates.issueForServer(names);
    return { key, cert: certificate + certificates.authority, ca: certificates.authority, minVersion: 'TLSv1.3' as const };
  };
  let context = await toContext([]);

  const countStranger = (address: string, by: number) => {
    const count = (strangers.get(address) ?? 0) + by;
    if (count > 0) strangers.set(address, count);
    else strangers.delete(address);
    return count;
  };

  /** Every connection counts as a stranger's until it closes or turns out to be a node's. */
  const acquaintances = new Map<string, () => void>();
  const placeOf = (socket: Socket) => `${socket.remoteAddress} ${socket.remotePort}`;
  const onConnection = (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const place = placeOf(socket);
    let isStranger = true;
    const becomeKnown = () => {
      if (isStranger) countStranger(address, -1);
      isStranger = false;
    };
    sockets.add(socket);
    acquaintances.set(place, becomeKnown);
    socket.once('close', () => {
      sockets.delete(socket);
      acquaintances.delete(place);
      becomeKnown();
    });
    if (countStranger(address, 1) > mostStrangersPerAddress) socket.destroy();
  };

  const onSecure = (socket: TLSSocket) => {
    socket.on('error', () => {}); // `close` follows
    if (socket.alpnProtocol === alpn.join) return onJoin(socket);
    if (socket.alpnProtocol !== alpn.link && socket.alpnProtocol !== alpn.blob) return void site.emit('connection', socket);
    if (onNode(socket.alpnProtocol, socket, socket.getPeerX509Certificate())) acquaintances.get(placeOf(socket))?.();
  };

  const makeServer = () => {
    const server = createServer({
      ...context,
      requestCert: true,
      rejectUnauthorized: false, // strangers may join; what needs a certificate looks at it itself
      ALPNProtocols: [alpn.link, alpn.blob, alpn.join, 'http/1.1'],
      handshakeTimeout: handshakeMs,
      noDelay: true,
    });
    server.on('connection', onConnection);
    server.on('secureConnection', onSecure);
    server.on('tlsClientError', (error, socket) => {
      log.debug({ address: socket.remoteAddress, error: error.message }, 'A TLS handshake on the link port failed');
    });
    return server;
  };

  return {
    async listen(host, port) {
      const server = makeServer();
      const actual = await listenOn(server, host, port);
      servers.push(server);
      return actual;
    },
    async announce(names) {
      context = await toContext(names);
      for (const server of servers) server.setSecureContext(context);
    },
    async [Symbol.asyncDispose]() {
      const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
      for (const socket of sockets) socket.destroy();
      await Promise.all(closed);
    },
  };
}
