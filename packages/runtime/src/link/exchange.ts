import { constants, type Http2Stream, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { ClusterError, toClusterError, toWireError } from '@cluster-ai/contracts';

/**
 * Every stream passes here first: it then has one owner for its `error` event, which without a listener ends the process.
 * What the error means is told by `close`, which always follows.
 */
export function ownStream<T extends Http2Stream>(stream: T): T {
  stream.on('error', () => {});
  return stream;
}

/** Collects a body. Throws `payload_too_large`, and `cancelled` when the sender went away before the end. */
export function readBody(stream: Http2Stream, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let hasEnded = false;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else reject(new ClusterError('payload_too_large', `The body is larger than ${maxBytes} bytes.`));
    });
    // a reset stream also emits `end`: only `aborted` tells the two apart
    stream.once('end', () => {
      hasEnded = !stream.aborted;
      if (hasEnded) resolve(Buffer.concat(chunks));
    });
    stream.once('close', () => {
      if (!hasEnded) reject(new ClusterError('cancelled', 'The other end went away before the body was complete.'));
    });
  });
}

/** Reads a JSON body. Throws `invalid_json`, and what `readBody` throws. */
export async function readJson(stream: Http2Stream, maxBytes = 64 * 1024): Promise<unknown> {
  const body = await readBody(stream, maxBytes);
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new ClusterError('invalid_json', 'The body is not valid JSON.', { cause });
  }
}

/** Answers with JSON; nothing when the other end is gone already. */
export function answerJson(stream: ServerHttp2Stream, status: number, body: unknown): void {
  if (stream.destroyed || stream.closed || stream.headersSent) return;
  stream.respond({ ':status': status, 'content-type': 'application/json' });
  stream.end(JSON.stringify(body));
}

/** Answers with the error in its wire form, or resets the stream when an answer had begun. */
export function answerError(stream: ServerHttp2Stream, error: unknown): void {
  if (stream.headersSent) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else answerJson(stream, toClusterError(error).status, { error: toWireError(error) });
}

/** What a handler gets of a request. */
export interface Exchange {
  readonly stream: ServerHttp2Stream;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

/** Runs a handler for each stream of a server session; what it throws becomes the answer. `onFailure` hears of strangers among the errors. */
export function toStreamListener(
  handle: (exchange: Exchange) => void | Promise<void>,
  onFailure: (error: unknown, path: string) => void,
): (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void {
  return (stream, headers) => {
    ownStream(stream);
    const [path = '/', query = ''] = String(headers[':path'] ?? '/').split('?', 2);
    const exchange = { stream, method: String(headers[':method']), path, query: new URLSearchParams(query), headers };
    void (async () => handle(exchange))().catch((error: unknown) => {
      if (toClusterError(error).code === 'internal') onFailure(error, path);
      answerError(stream, error);
    });
  };
}
