import { Agent, type ClientRequestArgs } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { errnoOf } from '@cluster-ai/runtime';

const pauseMs = 10;
const mostAttempts = 500;

type Callback = (error: Error | null, socket: Duplex) => void;

/** A Unix socket whose queue of new connections is full says EAGAIN at once, where TCP would wait: so we wait. */
function connectPatiently(path: string, callback: Callback, attempt = 1): void {
  const socket = connect(path);
  const onError = (error: Error) => {
    if (errnoOf(error) !== 'EAGAIN' || attempt >= mostAttempts) return callback(error, socket);
    setTimeout(() => connectPatiently(path, callback, attempt + 1), pauseMs);
  };
  socket.once('error', onError);
  socket.once('connect', () => {
    socket.off('error', onError);
    callback(null, socket);
  });
}

/** Connections to engines, kept for the next request. */
export class EngineConnections extends Agent {
  constructor() {
    super({ keepAlive: true, maxFreeSockets: 64 });
  }

  override createConnection({ socketPath }: ClientRequestArgs, callback: Callback = () => {}): undefined {
    connectPatiently(socketPath ?? '', callback);
  }
}
