import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { ClusterError } from '@cluster-ai/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';

export interface FileToSend {
  readonly path: string;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly fileName: string;
}

interface ByteRange {
  readonly from: number;
  /** The last byte, itself included. */
  readonly to: number;
}

/** Few and large reads: what is sent is limited by the disk and the line. */
const CHUNK_BYTES = 512 * 1024;

/**
 * `bytes=5-`, `bytes=5-9` or `bytes=-5` (RFC 9110, 14.1.2). What is no such thing, or several ranges, counts as none. Throws
 * `range_not_satisfiable`.
 */
export function toRange(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const isSuffix = first === '';
  const from = isSuffix ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const to = isSuffix || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (!isSuffix && last !== '' && Number(last) < from) return undefined;
  if (from <= to) return { from, to };
  throw new ClusterError('range_not_satisfiable', `The range ${header} lies outside of ${sizeBytes} bytes.`, { details: { sizeBytes } });
}

/** Names of files may hold any letter; headers may not. */
const toDisposition = (fileName: string) =>
  `attachment; filename*=UTF-8''${encodeURIComponent(fileName).replace(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`)}`;

/** Sends bytes that never change under their digest: whole, or the range that was asked for. */
export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { path, digest, sizeBytes, fileName }: FileToSend,
): Promise<void> {
  const etag = `"${digest}"`;
  const { range: asked, 'if-range': ifRange, 'if-none-match': known } = request.headers;
  const isKnown = known?.split(',').some((tag) => tag.trim() === etag) ?? false;
  const range = ifRange === undefined || ifRange === etag ? toRange(asked, sizeBytes) : undefined;
  const { from, to } = range ?? { from: 0, to: sizeBytes - 1 };
  void reply.headers({
    etag,
    'accept-ranges': 'bytes',
    'cache-control': 'private, max-age=31536000, immutable',
    'content-type': 'application/octet-stream',
    'content-disposition': toDisposition(fileName),
    ...(range === undefined ? {} : { 'content-range': `bytes ${from}-${to}/${sizeBytes}` }),
    ...(isKnown ? {} : { 'content-length': String(to - from + 1) }),
  });
  reply.hijack();
  reply.raw.writeHead(isKnown ? 304 : range ? 206 : 200, reply.getHeaders() as Record<string, string>);
  if (isKnown || request.method === 'HEAD' || sizeBytes === 0) return void reply.raw.end();
  await pipeline(createReadStream(path, { start: from, end: to, highWaterMark: CHUNK_BYTES }), reply.raw).catch(() => reply.raw.destroy());
}
