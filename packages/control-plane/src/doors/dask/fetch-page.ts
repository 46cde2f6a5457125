import { type IncomingHttpHeaders, type IncomingMessage, request as startRequest } from 'node:http';
import type { Readable } from 'node:stream';
import { ClusterError, phrase } from '@cluster-ai/contracts';
import type { FastifyRequest } from 'fastify';

export interface Dashboard {
  readonly port: number;
  readonly secret: string;
}

export interface Page {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

/** Of requests and answers: what says how to read them. No credential of ours goes there, and no cookie comes from there. */
const passedOn = ['accept', 'accept-encoding', 'accept-language', 'if-none-match', 'if-modified-since', 'user-agent'];
const passedBack = [
  'content-type',
  'content-encoding',
  'content-length',
  'etag',
  'last-modified',
  'location',
  'vary',
  'content-disposition',
];

export const pick = (headers: IncomingHttpHeaders, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.flatMap((name) => (headers[name] === undefined ? [] : [[name, String(headers[name])]])));

/** What every request to Dask's pages carries. */
export const toTarget = ({ port, secret }: Dashboard, path: string, headers: Record<string, string>) => ({
  host: '127.0.0.1',
  port,
  path,
  headers: { ...headers, host: `localhost:${port}`, 'x-cluster-ai-dashboard': secret },
});

export const unreachable = (cause: unknown) =>
  new ClusterError('compute_unavailable', phrase('no_dashboard'), { hint: phrase('see_compute_status'), cause });

/** One page or file of Dask's. Throws `compute_unavailable`. */
export async function fetchPage({ raw, method }: FastifyRequest, dashboard: Dashboard): Promise<Page> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const target = toTarget(dashboard, raw.url ?? '/', pick(raw.headers, passedOn));
    const request = startRequest({ ...target, method, agent: false }, resolve);
    request.once('error', (error) => reject(unreachable(error)));
    raw.socket.once('close', () => request.destroy());
    request.end();
  });
  return { status: answer.statusCode ?? 502, headers: pick(answer.headers, passedBack), body: answer };
}
