import { type ClientHttp2Session, connect, constants } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { ClusterError, phrase } from '@cluster-ai/contracts';
import { createByteBudget, createTurnstile, linkSession, linkWindowBytes, type RunningRequest, startRequest } from '@cluster-ai/runtime';
import type { LinkRequest, LinkResponse } from './nodes.ts';

/** Bodies under way to one node. More wait their turn, so that memory stays flat whatever the clients send. */
const mostBytesInFlight = 64 * 1024 * 1024;
/** Bodies up to this size do not wait: heartbeats and orders must not stand behind a long prompt. */
const smallBytes = 16 * 1024;

/** One connection that an agent dialled, on which we are the HTTP/2 client. */
export interface NodeLink {
  readonly address: string;
  request(request: LinkRequest): Promise<LinkResponse>;
  /** Every open request fails with this at once; the connection stays, in case the node comes back. */
  failOpenRequests(error: ClusterError): void;
  /** Takes no new requests; closes when the last open one has ended. */
  drain(): void;
  close(): void;
  /** Resolves when the connection is gone, whoever closed it. */
  readonly closed: Promise<void>;
}

const toUnreachable = (name: string, cause?: unknown) =>
  new ClusterError('node_unreachable', phrase('node_is_not_connected', { node: name }), { hint: phrase('see_the_nodes'), cause });

function toFailure(name: string, resetCode: number, isAnswered: boolean): ClusterError {
  if (resetCode === constants.NGHTTP2_REFUSED_STREAM) return toUnreachable(name);
  if (isAnswered && resetCode === constants.NGHTTP2_INTERNAL_ERROR)
    return new ClusterError('engine_crashed', phrase('engine_broke_off', { node: name }));
  return new ClusterError('node_lost', phrase('connection_to_node_broke', { node: name }));
}

/** Puts HTTP/2 on an accepted connection, the other way round: the agent serves. */
export function openNodeLink(socket: TLSSocket, name: string): NodeLink {
  const address = socket.remoteAddress ?? '';
  const session: ClientHttp2Session = connect('https://agent', { createConnection: () => socket, ...linkSession });
  const budget = createByteBudget(mostBytesInFlight);
  const turnstile = createTurnstile();
  const open = new Set<RunningRequest>();
  const lost = new AbortController();
  session.once('connect', () => session.setLocalWindowSize(linkWindowBytes));
  session.on('error', () => {}); // `close` follows
  const closed = new Promise<void>((resolve) => session.once('close', resolve));
  void closed.then(() => lost.abort(toUnreachable(name)));

  const takeRoom = async ({ body, signal }: LinkRequest) =>
    body === undefined || body.byteLength <= smallBytes ? () => {} : budget.take(body.byteLength, AbortSignal.any([signal, lost.signal]));

  const start = (request: LinkRequest) => {
    request.signal.throwIfAborted();
    try {
      return startRequest(session, request, (code, isAnswered) => toFailure(name, code, isAnswered), turnstile);
    } catch (cause) {
      throw toUnreachable(name, cause);
    }
  };

  return {
    address,
    closed,
    async request(request) {
      const giveBack = await takeRoom(request);
      await turnstile.turn();
      let running: RunningRequest;
      try {
        running = start(request);
      } catch (error) {
        giveBack();
        throw error;
      }
      open.add(running);
      void running.sent.then(giveBack);
      void running.finished.then(() => open.delete(running));
      return running.response;
    },
    failOpenRequests(error) {
      for (const running of [...open]) running.fail(error);
    },
    drain: () => session.close(),
    // with a code, since a stream that ends without one looks complete to its reader
    close: () => session.destroy(undefined, constants.NGHTTP2_CANCEL),
  };
}
