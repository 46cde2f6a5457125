import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Logger } from '@cluster-ai/runtime';

export const softwarePath = '/cluster-ai.tgz';

export type SoftwarePackage = () => Promise<{ readonly path: string; readonly size: number } | undefined>;

export interface SoftwareSiteDeps {
  readonly softwarePackage: SoftwarePackage;
  /** The names and addresses under which this machine was announced. */
  readonly hosts: () => readonly string[];
  readonly log: Logger;
}

const hostOf = (header: string | undefined) =>
  (header ?? '')
    .toLowerCase()
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '');

function refuse(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${sentence}\n`);
}

/** What the link port tells a machine that has nothing of ours yet: one public file, and nothing else. */
export function createSoftwareSite({ softwarePackage, hosts, log }: SoftwareSiteDeps): Server {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (!hosts().includes(hostOf(request.headers.host))) return refuse(response, 403, 'This host name is not served here.');
    const isWanted = (request.method === 'GET' || request.method === 'HEAD') && request.url === softwarePath;
    const file = isWanted ? await softwarePackage() : undefined;
    if (!file) return refuse(response, 404, 'There is nothing here.');
    response.writeHead(200, { 'content-type': 'application/gzip', 'content-length': file.size });
    if (request.method === 'HEAD') response.end();
    else await pipeline(createReadStream(file.path), response);
  };
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 5_000 }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      log.warn({ err: error }, 'The software could not be sent to another machine');
      response.destroy();
    });
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  return server;
}
