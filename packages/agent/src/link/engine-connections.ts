import { Agent, type ClientRequestArgs } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { errnoOf } from '@cluster-ai/runtime';

/** A Unix socket refuses (EAGAIN) when its queue of new connections is full, where TCP would wait: so we come a few at a time. */
const mostConnecting = 64;
const pauseMs = 10;
const mostAttempts = 500;

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

  override createConnection({ socketPath = '', signal }: ClientRequestArgs, callback: Callback = () => {}): undefined {
    const start = () => {
      if (signal?.aborted) return void this.#startNext(); // whoever wanted it is gone: nobody listens for the outcome
      this.#connecting++;
      connectPatiently(socketPath ?? '', signal, (error, socket) => {
        this.#connecting--;
        callback(error, socket);
        this.#startNext();
      });
    };
    if (this.#connecting < mostConnecting) start();
    else this.#waiting.push(start);
  }

  #startNext(): void {
    this.#waiting.shift()?.();
  }
}
