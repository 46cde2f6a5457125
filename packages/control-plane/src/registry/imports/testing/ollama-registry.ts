import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A small stand-in for a registry of Ollama, for tests: manifests and blobs in memory, in the protocol as Ollama's own client and server speak it.
 * It is no product code and keeps nothing.
 */
export interface StandInRegistry extends AsyncDisposable {
  readonly url: string;
  /** Host and port. */
  readonly host: string;
  readonly blobs: Map<string, Buffer>;
  /** `namespace/name:tag` to the bytes of its manifest. */
  readonly manifests: Map<string, Buffer>;
  /** Every request: `METHOD path range authorization`. */
  readonly requests: { readonly method: string; readonly path: string; readonly range: string; readonly authorization: string }[];
  /** What stands before the usual answer: true when it answered by itself. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>) | undefined;
  put(bytes: Buffer | string): { readonly digest: string; readonly size: number };
  /** A model of these layers, by their kind (`model`, `system`, …). */
  publish(name: string, layers: Readonly<Record<string, Buffer | string>>): string;
}

export const sha256 = (bytes: Buffer | string): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A file with ranges, as a storage server gives it. */
export function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer,
  headers: Readonly<Record<string, string>> = {},
): void {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  for (const [name, value] of Object.entries({ 'accept-ranges': 'bytes', 'content-type': 'application/octet-stream', ...headers }))
    response.setHeader(name, value);
  if (range === null) {
    response.writeHead(200, { 'content-length': bytes.length });
    return void response.end(request.method === 'HEAD' ? undefined : bytes);
  }
  const first = Number(range[1]);
  const last = range[2] === '' ? bytes.length - 1 : Math.min(Number(range[2]), bytes.length - 1);
  if (first > last) return void response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
  const part = bytes.subarray(first, last + 1);
  response.writeHead(206, { 'content-range': `bytes ${first}-${last}/${bytes.length}`, 'content-length': part.length });
  response.end(part);
}

export async function startOllamaRegistry(): Promise<StandInRegistry> {
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, Buffer>();
  const uploads = new Map<string, Buffer[]>();
  const requests: { method: string; path: string; range: string; authorization: string }[] = [];

  async function upload(request: IncomingMessage, response: ServerResponse, url: URL, repository: string): Promise<void> {
    const here = `http://${request.headers.host}`;
    const id = /\/uploads\/(\w+)$/.exec(url.pathname)?.[1];
    if (request.method === 'POST') {
      const fresh = `u${uploads.size + 1}`;
      uploads.set(fresh, []);
      return void response.writeHead(202, { location: `${here}/v2/${repository}/blobs/uploads/${fresh}` }).end();
    }
    const parts = uploads.get(id ?? '');
    if (parts === undefined) return void response.writeHead(404).end();
    const length = () => parts.reduce((sum, part) => sum + part.length, 0);
    if (request.method === 'PATCH') {
      const first = Number(/^(\d+)-/.exec(String(request.headers['content-range']))?.[1]);
      const bytes = await readAll(request);
      if (first !== length()) return void response.writeHead(416).end();
      parts.push(bytes);
      return void response.writeHead(202, { location: url.href.replace(url.origin, here), range: `0-${length() - 1}` }).end();
    }
    if (request.method === 'GET') return void response.writeHead(204, { location: url.href, range: `0-${length() - 1}` }).end();
    const whole = Buffer.concat([...parts, await readAll(request)]);
    if (sha256(whole) !== url.searchParams.get('digest')) return void response.writeHead(400).end('{"errors":[{"code":"DIGEST_INVALID"}]}');
    blobs.set(sha256(whole), whole);
    response.writeHead(201, { location: `${here}/v2/${repository}/blobs/${sha256(whole)}` }).end();
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://upstream');
    requests.push({
      method: request.method ?? '',
      path: url.pathname,
      range: request.headers.range ?? '',
      authorization: request.headers.authorization ?? '',
    });
    if ((await registry.intercept?.(request, response)) === true) return;
    const found = /^\/v2\/([^/]+\/[^/]+)\/(manifests|blobs)\/(.+)$/.exec(url.pathname);
    if (found === null) return void response.writeHead(404).end('404 page not found');
    const [, repository = '', kind, reference = ''] = found;
    if (kind === 'blobs' && reference.startsWith('uploads')) return upload(request, response, url, repository);
    if (kind === 'manifests' && request.method === 'PUT') {
      manifests.set(`${repository}:${reference}`, await readAll(request));
      return void response.writeHead(201).end();
    }
    const bytes = kind === 'manifests' ? manifests.get(`${repository}:${reference}`) : blobs.get(reference);
    if (bytes === undefined) return void response.writeHead(404).end('{"errors":[{"code":"NAME_UNKNOWN"}]}');
    const type = kind === 'manifests' ? 'application/vnd.docker.distribution.manifest.v2+json' : 'application/octet-stream';
    sendFile(request, response, bytes, {
      'content-type': type,
      ...(kind === 'blobs' ? { location: `http://${request.headers.host}${url.pathname}` } : {}),
    });
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  const put = (bytes: Buffer | string) => {
    const whole = Buffer.from(bytes);
    blobs.set(sha256(whole), whole);
    return { digest: sha256(whole), size: whole.length };
  };
  const registry: StandInRegistry = {
    url: `http://${host}`,
    host,
    blobs,
    manifests,
    requests,
    intercept: undefined,
    put,
    publish(name, layers) {
      const listed = Object.entries(layers).map(([kind, bytes]) => ({ mediaType: `application/vnd.ollama.image.${kind}`, ...put(bytes) }));
      const config = {
        mediaType: 'application/vnd.docker.container.image.v1+json',
        ...put(JSON.stringify({ model_format: 'gguf', rootfs: { type: 'layers' } })),
      };
      const manifest = JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
        config,
        layers: listed,
      });
      manifests.set(name, Buffer.from(manifest));
      return sha256(manifest);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return registry;
}
