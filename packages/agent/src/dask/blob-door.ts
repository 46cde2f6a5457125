import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { toClusterError, toWireError } from '@cluster-ai/contracts';
import type { Logger } from '@cluster-ai/runtime';
import type { Weights } from '../weights/weights.ts';

const blobPath = /^\/blobs\/(sha256:[0-9a-f]{64})\?sizeBytes=(\d{1,15})$/;

/** Where the worker of this machine gets files by digest: `GET {url}/{digest}?sizeBytes=N` with `Authorization: Bearer {token}`. */
export interface BlobDoor extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
}

export interface BlobDoorDeps {
  readonly weights: Pick<Weights, 'ensure' | 'hold'>;
  readonly log: Logger;
}

const hashOf = (text: string) => createHash('sha256').update(text).digest();

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/**
 * On loopback only, and only for who was told the token on standard input. Bytes come out of this node's weights: fetched from the control
 * plane once, whoever asks how often, and only those that the control plane has for this node.
 */
export async function openBlobDoor({ weights, log }: BlobDoorDeps): Promise<BlobDoor> {
  const token = randomBytes(32).toString('base64url');
  const expected = hashOf(`Bearer ${token}`);
  const isWelcome = ({ headers }: IncomingMessage) => timingSafeEqual(hashOf(headers.authorization ?? ''), expected);

  const send = async (digest: string, sizeBytes: number, response: ServerResponse) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('The worker went away')));
    using _hold = weights.hold(digest);
    const path = await weights.ensure({ digest, sizeBytes }, () => {}, gone.signal);
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': sizeBytes });
    await pipeline(createReadStream(path), response);
  };

  const server = createServer((request, response) => {
    if (!isWelcome(request)) return answer(response, 401, { error: { code: 'unauthorized', message: 'This door is for one worker.' } });
    const [, digest, sizeBytes] = blobPath.exec(request.url ?? '') ?? [];
    if (request.method !== 'GET' || digest === undefined)
      return answer(response, 404, { error: { code: 'unknown_route', message: 'Here is GET /blobs/{digest}?sizeBytes=N.' } });
    send(digest, Number(sizeBytes), response).catch((error: unknown) => {
      if (response.destroyed) return;
      log.warn({ digest, error: String(error) }, 'A worker did not get a file that it asked for');
      if (response.headersSent) response.destroy();
      else answer(response, toClusterError(error).status, { error: toWireError(error) });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/blobs`,
    token,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
