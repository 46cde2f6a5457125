import { createServer } from 'node:http';
import { ClusterError } from '@cluster-ai/contracts';
import { errnoOf } from '@cluster-ai/runtime';

const path = '/.well-known/acme-challenge/';

/** Answers an ACME server's question (http-01) and nothing else, for as long as an order takes. */
export interface ChallengeSite extends AsyncDisposable {
  readonly port: number;
  show(token: string, answer: string): void;
  hide(token: string): void;
}

/** Throws `port_taken` or `listen_refused`. */
export async function openChallengeSite(host: string, port: number): Promise<ChallengeSite> {
  const answers = new Map<string, string>();
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000, keepAliveTimeout: 1000 }, ({ url = '' }, response) => {
    const answer = url.startsWith(path) ? answers.get(url.slice(path.length)) : undefined;
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'text/plain', connection: 'close' }).end(answer ?? '');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new ClusterError(
          errnoOf(cause) === 'EADDRINUSE' ? 'port_taken' : 'listen_refused',
          `The ACME server’s question cannot be answered on ${host}:${port} (${errnoOf(cause) ?? 'unknown'}).`,
          { hint: 'Free that port for the moment, or name another one that port 80 is sent to: listeners.tls.acme.httpPort.', cause },
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    show: (token, answer) => void answers.set(token, answer),
    hide: (token) => void answers.delete(token),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
