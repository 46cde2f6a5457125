import type { IncomingMessage } from 'node:http';
import { ClusterError } from '@cluster-ai/contracts';

/** A body may take long, but not stand still. */
const idleBodyMs = 30_000;

/**
 * What is known of a body before it is read. A compressed one is refused: nobody's client sends one, and a few kilobytes of it can
 * become gigabytes. Ends the connection of a sender that stops in the middle.
 */
export function checkBody(request: IncomingMessage, idleMs: number = idleBodyMs): void {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    throw new ClusterError('unsupported_media_type', `A body with the content encoding "${encoding.slice(0, 40)}" is not taken here.`, {
      hint: 'Send the body uncompressed.',
    });
  const hasBody = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  if (!hasBody) return;
  request.setTimeout(idleMs, () => request.socket.destroy());
  request.once('end', () => request.setTimeout(0));
}
