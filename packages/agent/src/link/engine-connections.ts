import { Agent, type ClientRequestArgs, type RequestOptions } from 'node:http';
import { connect, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { errnoOf } from '@cluster-ai/runtime';

/** A Unix socket refuses (EAGAIN) when its queue of new connections is full, where TCP would wait: so we come a few at a time. */
const mostConnecting = 64;
const pauseMs = 10;
const mostAttempts = 500;

/** `signal` ends the request; Node does not hand that on to where connections are made, so `cancellation` says the same there. */
export interface EngineRequest extends RequestOptions {
  readonly cancellation: AbortSignal;
}

type Callback = (error: Error | null, socket: Duplex) => void;

function connectPatiently(path: string, signal: AbortSignal | undefined, callback: Callback, attempt = 1): void {
  const socket = connect(path);
  const onError = (error: Error) => {
    if (errnoOf(error) !== 'EAGAIN' || attempt >= mostAttempts || signal?.aborted === true) return callback(error, socket);
    setTimeout(() => connectPatiently(path, signal, callback, attempt + 1), pauseMs);
  };
  socket.once('error', onError);
  socket.once('connect', () => {
    socket.off('error', onError);
    callback(null, socket);
  });
}

/** Connections to engines, kept for the next request. */
export class EngineConnections extends Agent {
  #connecting = 0;
  readonly #waiting: (() => void)[] = [];

  constructor() {
    super({ keepAlive: true, maxFreeSockets: 64 });
  }

  override createConnection(wish: ClientRequestArgs & Partial<EngineRequest>, callback: Callback = () => {}): undefined {
    const { socketPath, cancellation } = wish;
    const done: Callback = (error, socket) => {
      callback(error, socket);
      this.#connecting--;
      const next = this.#waiting.shift();
      if (next) queueMicrotask(next); // not from here: thousands may have given up, and each would call the next
    };
    const start = () => {
      this.#connecting++;
      if (cancellation?.aborted === true) done(new Error('Nobody wants this connection any more'), new Socket());
      else connectPatiently(socketPath ?? '', cancellation, done);
    };
    if (this.#connecting < mostConnecting) start();
    else this.#waiting.push(start);
  }
}
