import { type ClientHttp2Session, type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2';
import { Readable } from 'node:stream';
import type { ClusterError } from '@cluster-ai/contracts';
import { ownStream } from './exchange.ts';
import type { Turnstile } from './turnstile.ts';

export interface StreamRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Aborting resets the stream, before the answer and during it. */
  readonly signal: AbortSignal;
}

export interface StreamResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Destroying it resets the stream. It ends only when the answer is complete; a broken one is destroyed with the failure. */
  readonly body: Readable;
  /** Resolves after the body ended; empty when it broke. Never rejects. */
  readonly trailers: Promise<Readonly<Record<string, string>>>;
}

export interface RunningRequest {
  readonly response: Promise<StreamResponse>;
  /** Resolves when our body has left this process, or never will. */
  readonly sent: Promise<void>;
  readonly finished: Promise<void>;
  /** Ends it now: whoever waits gets this error. */
  fail(error: Error): void;
}

/** `isAnswered`: the headers of the answer had arrived. `resetCode` as in RFC 9113, section 7. */
export type ToFailure = (resetCode: number, isAnswered: boolean) => ClusterError;

function toPlainHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (!name.startsWith(':') && value !== undefined) plain[name] = Array.isArray(value) ? value.join(', ') : value;
  return plain;
}

/** The bytes of one answer. A stream of HTTP/2 also ends normally when it was reset; this one then fails. */
class AnswerBody extends Readable {
  readonly #stream: ClientHttp2Stream;
  readonly #reset: () => void;

  constructor(stream: ClientHttp2Stream, reset: () => void) {
    super();
    this.#stream = stream;
    this.#reset = reset;
    this.on('error', () => {}); // owned here, as for every stream of the link
    stream.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) stream.pause();
    });
  }

  override _read(): void {
    this.#stream.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.readableEnded) this.#reset();
    callback(error);
  }
}

/**
 * Sends one request over a session and follows it to its end. Throws what `session.request` throws when the session is over. Resets go through
 * the turnstile, where there is one; the caller has passed it for the request itself.
 */
export function startRequest(
  session: ClientHttp2Session,
  request: StreamRequest,
  toFailure: ToFailure,
  turnstile?: Turnstile,
): RunningRequest {
  const { method, path, headers, body, signal } = request;
  const stream = ownStream(
    session.request(
      { ':method': method, ':path': path, ...headers, ...(body ? { 'content-length': body.byteLength } : {}) },
      { endStream: body === undefined },
    ),
  );
  let failure: Error | undefined;
  let answer: AnswerBody | undefined;
  let trailers: Record<string, string> = {};
  const close = () => stream.close(constants.NGHTTP2_CANCEL);
  const reset = () => (turnstile ? void turnstile.turn().then(close) : close());
  const failureNow = () => failure ?? toFailure(stream.rstCode ?? constants.NGHTTP2_INTERNAL_ERROR, answer !== undefined);
  const fail = (error: Error) => {
    failure ??= error;
    refuse(failure);
    if (answer) answer.destroy(failure);
    else reset();
  };
  const onAbort = () => fail(signal.reason instanceof Error ? signal.reason : new Error('Aborted', { cause: signal.reason }));

  const closed = new Promise<void>((resolve) => stream.once('close', resolve));
  const finished = closed.then(() => signal.removeEventListener('abort', onAbort));
  const sent = new Promise<void>((resolve) => {
    stream.once('finish', resolve);
    stream.once('close', resolve);
  });
  const { promise: response, resolve, reject: refuse } = Promise.withResolvers<StreamResponse>();
  response.catch(() => {}); // told to whoever awaits it
  stream.once('response', (received) => {
    if (failure) return; // given up, and about to be reset
    const whole = new AnswerBody(stream, reset);
    answer = whole;
    stream.once('trailers', (block) => {
      trailers = toPlainHeaders(block);
    });
    let isComplete = false;
    stream.once('end', () => {
      isComplete = failure === undefined && !stream.rstCode;
      if (isComplete) whole.push(null);
    });
    const ended = closed.then(() => {
      if (!isComplete) whole.destroy(failureNow());
      return isComplete ? trailers : {};
    });
    resolve({ status: received[':status'] ?? 0, headers: toPlainHeaders(received), body: whole, trailers: ended });
  });
  stream.once('close', () => refuse(failureNow()));

  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  if (body) stream.end(body);
  return { response, sent, finished, fail };
}
