import type { OutgoingHttpHeaders } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ReadableBlob } from '../blob-reader.ts';
import { toContentDisposition } from './content-disposition.ts';
import { readRange } from './read-range.ts';
import { sendFile } from './send-file.ts';

/** Whoever reads nothing for this long is gone. */
const STALLED_MS = 60_000;

export interface ServeBlobOptions {
  readonly fileName?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

const isListed = (header: string | undefined, etag: string) =>
  header?.split(',').some((each) => ['*', etag].includes(each.trim().replace(/^W\//, ''))) ?? false;

/**
 * Answers with the bytes of a blob, or those of one range: `Range`, `If-Range`, `If-None-Match`, `HEAD`, 206, 304, 416. The entity tag is the
 * digest in quotes. Every door that hands out bytes does it through this.
 */
export async function serveBlob(
  request: FastifyRequest,
  reply: FastifyReply,
  blob: ReadableBlob,
  { fileName, headers = {} }: ServeBlobOptions = {},
): Promise<FastifyReply> {
  const { digest, sizeBytes } = blob;
  const etag = `"${digest}"`;
  void reply.headers({
    etag,
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-transform, max-age=3600, immutable',
    'content-type': 'application/octet-stream',
    ...(fileName === undefined ? {} : { 'content-disposition': toContentDisposition(fileName) }),
    ...headers,
  });
  if (isListed(request.headers['if-none-match'], etag)) return reply.code(304).send();

  const ifRange = request.headers['if-range'];
  const wanted = ifRange === undefined || ifRange === etag ? request.headers.range : undefined;
  if (wanted !== undefined) void reply.header('content-range', `bytes */${sizeBytes}`); // stays where the range cannot be had
  const range = readRange(wanted, sizeBytes);
  if (range) void reply.header('content-range', `bytes ${range.from}-${range.to}/${sizeBytes}`);
  else void reply.removeHeader('content-range');
  const { from, to } = range ?? { from: 0, to: sizeBytes - 1 };
  const status = range ? 206 : 200;
  const lengthBytes = to - from + 1;
  const isEmpty = request.method === 'HEAD' || lengthBytes === 0;
  const stream = blob.filePath === undefined && !isEmpty ? await blob.read({ from, to }) : undefined;
  reply.hijack();
  const { raw } = reply;
  raw.on('error', () => {}); // the reader went away
  raw.setTimeout(STALLED_MS, () => raw.destroy());
  raw.writeHead(status, { ...(reply.getHeaders() as OutgoingHttpHeaders), 'content-length': lengthBytes });
  if (isEmpty) {
    raw.end(); // by hand: for HEAD Fastify would say that there are no bytes
    return reply;
  }
  try {
    if (stream) await pipeline(stream, raw);
    else await sendFile(blob.filePath ?? '', { from, to }, raw);
    raw.end();
  } catch {
    raw.destroy(); // fewer bytes than were announced: the reader must notice
  }
  return reply;
}
