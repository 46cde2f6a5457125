import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse, request as startRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

export interface RecordedCall {
  readonly method: string;
  /** Path without query. */
  readonly path: string;
  readonly body: string;
  readonly status: number;
  /** What came back, when it was an error. */
  readonly error: string;
}

/** A proxy before one of our listeners: passes everything on as it comes, and remembers who asked what. */
export interface CallRecorder extends AsyncDisposable {
  readonly url: string;
  readonly calls: readonly RecordedCall[];
}

type AddedHeaders = Readonly<Record<string, string>>;

async function forward(target: string, added: AddedHeaders, request: IncomingMessage, response: ServerResponse): Promise<RecordedCall> {
  const { method = 'GET', url = '/' } = request;
  const { host: _, ...headers } = request.headers; // the listener checks Host: it gets its own
  const body = await buffer(request);
  const outgoing = startRequest(new URL(url, target), { method, headers: { ...headers, ...added } });
  response.once('close', () => outgoing.destroy()); // a caller that goes away is seen behind the proxy as well
  outgoing.end(body);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  const status = answer.statusCode ?? 0;
  const kept: Buffer[] = [];
  if (status >= 400) answer.on('data', (chunk: Buffer) => kept.push(chunk));
  response.writeHead(status, answer.headers);
  await pipeline(answer, response).catch(() => undefined);
  return { method, path: url.split('?')[0] ?? url, body: body.toString(), status, error: Buffer.concat(kept).toString() };
}

/** `added` goes with every request: a key, for programs that cannot send one. */
export async function openCallRecorder(target: string, added: AddedHeaders = {}): Promise<CallRecorder> {
  const calls: RecordedCall[] = [];
  const server = createServer((request, response) => {
    forward(target, added, request, response).then(
      (call) => calls.push(call),
      () => response.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
