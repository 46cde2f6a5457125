import type { IncomingMessage, Server } from 'node:http';
import { ClusterError } from '@cluster-ai/contracts';

/** A body may take long, but not stand still. */
const idleBodyMs = 30_000;

/** A compressed body is refused before it is read: nobody's client sends one, and a few kilobytes of it can become gigabytes. */
export function refuseCompressed({ headers }: Pick<IncomingMessage, 'headers'>): void {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    throw new ClusterError('unsupported_media_type', `A body with the content encoding "${encoding.slice(0, 40)}" is not taken here.`, {
      hint: 'Send the body uncompressed.',
    });
}

/** Ends the connection of whoever stops in the middle of a body. */
export function endIdleBodies(server: Pick<Server, 'on'>, idleMs: number = idleBodyMs): void {
  server.on('request', (request: IncomingMessage) => {
    const hasBody = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
    if (!hasBody) return;
    request.setTimeout(idleMs, () => request.socket.destroy());
    request.once('end', () => request.setTimeout(0));
  });
}
