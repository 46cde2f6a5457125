import type { ServerResponse } from 'node:http';
import { toClusterError, toWireError } from '@cluster-ai/contracts';

/** An error before the first byte: the code's status and `{ error: WireError }`. */
export function sendError(response: ServerResponse, thrown: unknown): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const error = toClusterError(thrown);
  const retryAfter = error.retryAfterSeconds === undefined ? {} : { 'retry-after': String(Math.ceil(error.retryAfterSeconds)) };
  response.writeHead(error.status, { 'content-type': 'application/json', ...retryAfter });
  response.end(JSON.stringify({ error: toWireError(error) }));
}
