import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StandIn extends AsyncDisposable {
  readonly url: string;
  /** Host and port. */
  readonly host: string;
  readonly requests: { readonly method: string; readonly path: string; readonly headers: IncomingMessage['headers'] }[];
}

/** A server of this machine that answers as a test says, for what stands elsewhere in the world. */
export async function startStandIn(
  answer: (request: IncomingMessage, response: ServerResponse, url: URL) => void | Promise<void>,
): Promise<StandIn> {
  const requests: StandIn['requests'][number][] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://upstream');
    requests.push({ method: request.method ?? '', path: url.pathname, headers: request.headers });
    void Promise.resolve(answer(request, response, url)).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    host,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
