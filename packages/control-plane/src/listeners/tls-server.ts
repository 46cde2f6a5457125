import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { ServerCertificate } from '../access/certificates/server-certificate.ts';

const handshakeMs = 10_000;
/** The first byte of every TLS connection; no HTTP request begins with it. */
const tlsHandshake = 0x16;

const sentence = 'This port speaks HTTPS: use an address that begins with https://\n';
const plainAnswer = `HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${sentence.length}\r\nconnection: close\r\n\r\n${sentence}`;

/** Whoever speaks plain HTTP here is told so, in words that its own log shows; nothing of its request is read. */
function answerPlainText(socket: Socket): void {
  socket.on('error', () => {});
  socket.end(plainAnswer, () => socket.destroy());
}

/** Looks at the first byte of each connection before TLS does. */
function tellPlainHttpApart(server: Server): void {
  const toTls = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    if (socket.destroyed) return;
    const giveUp = () => socket.destroy();
    socket.setTimeout(handshakeMs, giveUp);
    socket.once('error', giveUp);
    socket.once('data', (bytes) => {
      socket.off('error', giveUp);
      socket.setTimeout(0);
      socket.off('timeout', giveUp);
      socket.pause();
      if (bytes[0] !== tlsHandshake) return answerPlainText(socket);
      socket.unshift(bytes); // a TLS socket reads what its connection has buffered first
      for (const take of toTls) take.call(server, socket);
    });
  });
}

export interface TlsOptions {
  readonly minVersion: '1.2' | '1.3';
}

/** An HTTPS server that shows whatever certificate is the current one; connections that are open keep theirs. */
export function createTlsServer(
  certificate: ServerCertificate,
  { minVersion }: TlsOptions,
  options: ServerOptions,
  handler: (request: IncomingMessage, response: Parameters<RequestListener>[1]) => void,
): Server {
  const context = () => {
    const { key, certificate: cert } = certificate.current();
    return { key, cert, minVersion: `TLSv${minVersion}` as const };
  };
  const server = createServer({ ...options, ...context(), handshakeTimeout: handshakeMs, ALPNProtocols: ['http/1.1'] }, handler);
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  tellPlainHttpApart(server);
  certificate.onChange(() => server.setSecureContext(context())); // what is left out falls back to its default: all of it, each time
  return server;
}
