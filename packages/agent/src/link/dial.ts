import { type ClientHttp2Session, type ClientSessionOptions, connect as connectHttp2 } from 'node:http2';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { ClusterError } from '@cluster-ai/contracts';
import { errnoOf, linkServerName } from '@cluster-ai/runtime';

const dialMs = 10_000;

export interface Place {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port` or `[address]:port`. Throws `invalid_request`. */
export function readPlace(address: string): Place {
  const [, bracketed, plain, port] = /^(?:\[([\da-f:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/i.exec(address.trim()) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) > 65_535)
    throw new ClusterError('invalid_request', `"${address.slice(0, 100)}" is not an address of the form host:port.`, {
      hint: 'Copy the line that `cluster-ai nodes invite` printed.',
    });
  return { host, port: Number(port) };
}

const clockCodes = ['CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED'];
const trustCodes = ['UNABLE_TO_VERIFY', 'SELF_SIGNED', 'DEPTH_ZERO', 'CERT_', 'INVALID_', 'ERR_TLS_CERT', 'UNABLE_TO_GET_ISSUER'];

function toDialError(error: unknown, address: string): ClusterError {
  const code = errnoOf(error) ?? 'unknown';
  if (clockCodes.includes(code))
    return new ClusterError('certificate_refused', `The certificate of the control plane at ${address} is not valid at this time.`, {
      hint: 'Check the clock of this machine and of the control plane.',
      cause: error,
    });
  if (trustCodes.some((prefix) => code.startsWith(prefix)))
    return new ClusterError('certificate_authority_mismatch', `What answers at ${address} is not the control plane of this cluster.`, {
      hint: 'Check the address; somebody may be in between.',
      cause: error,
    });
  return new ClusterError('not_running', `No control plane answers at ${address} (${code}).`, {
    hint: 'Check the address, that the control plane runs, and that no firewall is in between.',
    cause: error,
  });
}

export type Protocol = 'cai-join' | 'cai-link' | 'cai-blob';

/**
 * Opens one TLS 1.3 connection to the link port. Throws `not_running`, `certificate_authority_mismatch` or `certificate_refused`; never waits
 * longer than ten seconds.
 */
export function dial(address: string, protocol: Protocol, trust: ConnectionOptions, signal: AbortSignal): Promise<TLSSocket> {
  const { host, port } = readPlace(address);
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...trust,
      host,
      port,
      servername: linkServerName,
      ALPNProtocols: [protocol],
      minVersion: 'TLSv1.3',
    });
    const until = AbortSignal.any([signal, AbortSignal.timeout(dialMs)]);
    const onAbort = () => socket.destroy(Object.assign(new Error('Gave up dialling'), { code: 'ETIMEDOUT' }));
    const fail = (error: unknown) => {
      until.removeEventListener('abort', onAbort);
      reject(signal.aborted ? signal.reason : toDialError(error, address));
    };
    socket.setNoDelay(true); // tokens must not wait for more of them
    socket.on('error', fail); // stays: an error after the handshake is told by `close`
    socket.once('close', () => fail(Object.assign(new Error('Closed'), { code: 'ECONNRESET' })));
    socket.once('secureConnect', () => {
      until.removeEventListener('abort', onAbort);
      if (socket.alpnProtocol === protocol) resolve(socket);
      else socket.destroy(Object.assign(new Error('Another protocol'), { code: 'EPROTO' }));
    });
    if (until.aborted) onAbort();
    else until.addEventListener('abort', onAbort, { once: true });
  });
}

/** Puts HTTP/2 on a connection, with us as the client. */
export function toClientSession(socket: TLSSocket, settings: ClientSessionOptions): ClientHttp2Session {
  const session = connectHttp2('https://control-plane', { createConnection: () => socket, ...settings });
  session.on('error', () => {}); // every request hears of it by itself
  return session;
}
