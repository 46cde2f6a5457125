import type { IncomingMessage, Server } from 'node:http';
import { ClusterError } from '@cluster-ai/contracts';

/** A body may take long, but not stand still. */
const idleBodyMs = 30_000;
/** What is no file is small: five minutes are enough for all of it. A file may take hours, as long as its bytes keep coming. */
const slowLimits = { wholeMs: 300_000, windowMs: 60_000, leastBytes: 60 * 1024 };

/** A compressed body is refused before it is read: nobody's client sends one, and a few kilobytes of it can become gigabytes. */
export function refuseCompressed({ headers }: Pick<IncomingMessage, 'headers'>): void {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    throw new ClusterError('unsupported_media_type', `A body with the content encoding "${encoding.slice(0, 40)}" is not taken here.`, {
      hint: 'Send the body uncompressed.',
    });
}

const hasBody = ({ headers }: IncomingMessage) => headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
const isFile = ({ headers }: IncomingMessage) =>
  /^(?:multipart\/form-data|application\/octet-stream)\b/i.test(headers['content-type'] ?? '');

/**
 * Ends the connection of whoever sends a body so slowly that it is none: Node's own limit for whole requests would end long uploads as well,
 * so it is off, and this is instead of it.
 */
export function endSlowBodies(server: Pick<Server, 'on'>, { wholeMs, windowMs, leastBytes } = slowLimits): void {
  server.on('request', (request: IncomingMessage) => {
    if (!hasBody(request)) return;
    const { socket } = request;
    let before = socket.bytesRead;
    const timer = isFile(request)
      ? setInterval(() => {
          if (socket.bytesRead - before < leastBytes && !request.isPaused()) socket.destroy();
          before = socket.bytesRead;
        }, windowMs)
      : setTimeout(() => socket.destroy(), wholeMs);
    timer.unref();
    const done = () => clearInterval(timer); // which ends either
    request.once('end', done);
    request.once('close', done);
  });
}

/** Ends the connection of whoever stops in the middle of a body. */
export function endIdleBodies(server: Pick<Server, 'on'>, idleMs: number = idleBodyMs): void {
  server.on('request', (request: IncomingMessage) => {
    if (!hasBody(request)) return;
    request.setTimeout(idleMs, () => request.socket.destroy());
    request.once('end', () => request.setTimeout(0));
  });
}
