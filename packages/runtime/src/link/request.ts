import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2';
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
  /** Resolves when the exchange is over, however it ended. */
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

/** A request under way. Resets go through the turnstile, where there is one; whoever began it has passed for the request itself. */
class OpenRequest implements RunningRequest {
  readonly response: Promise<StreamResponse>;
  readonly sent: Promise<void>;
  readonly finished: Promise<void>;
  readonly #stream: ClientHttp2Stream;
  readonly #toFailure: ToFailure;
  readonly #turnstile: Turnstile | undefined;
  readonly #refuse: (error: Error) => void;
  #failure: Error | undefined;
  #answer: AnswerBody | undefined;

  constructor(stream: ClientHttp2Stream, toFailure: ToFailure, turnstile: Turnstile | undefined) {
    const { promise, resolve, reject } = Promise.withResolvers<StreamResponse>();
    promise.catch(() => {}); // told to whoever awaits it
    this.response = promise;
    this.#refuse = reject;
    this.#stream = stream;
    this.#toFailure = toFailure;
    this.#turnstile = turnstile;
    this.finished = new Promise((done) => stream.once('close', done));
    this.sent = Promise.race([this.finished, new Promise<void>((done) => stream.once('finish', done))]);
    stream.once('response', (headers) => {
      if (this.#failure === undefined) resolve(this.#receive(headers)); // else given up, and about to be reset
    });
    stream.once('close', () => {
      if (this.#answer === undefined) reject(this.#failureNow());
    });
  }

  fail(error: Error): void {
    this.#failure ??= error;
    this.#refuse(this.#failure);
    if (this.#answer) this.#answer.destroy(this.#failure);
    else this.#reset();
  }

  #receive(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): StreamResponse {
    const stream = this.#stream;
    const body = new AnswerBody(stream, () => this.#reset());
    this.#answer = body;
    let trailers: Record<string, string> = {};
    let hasEnded = false;
    stream.once('trailers', (block) => {
      trailers = toPlainHeaders(block);
    });
    stream.once('end', () => {
      hasEnded = true;
    });
    // a stream whose session broke off ends as well; only when it has closed does its code tell the two apart
    const ended = this.finished.then(() => {
      const isComplete = hasEnded && this.#failure === undefined && !stream.rstCode;
      if (isComplete) body.push(null);
      else body.destroy(this.#failureNow());
      return isComplete ? trailers : {};
    });
    return { status: headers[':status'] ?? 0, headers: toPlainHeaders(headers), body, trailers: ended };
  }

  #reset(): void {
    const close = () => this.#stream.close(constants.NGHTTP2_CANCEL);
    if (this.#turnstile) void this.#turnstile.turn().then(close);
    else close();
  }

  #failureNow(): Error {
    return this.#failure ?? this.#toFailure(this.#stream.rstCode ?? constants.NGHTTP2_INTERNAL_ERROR, this.#answer !== undefined);
  }
}

function failWhenAborted(running: RunningRequest, signal: AbortSignal): void {
  const onAbort = () => running.fail(signal.reason instanceof Error ? signal.reason : new Error('Aborted', { cause: signal.reason }));
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  void running.finished.then(() => signal.removeEventListener('abort', onAbort));
}

/** Sends one request over a session and follows it to its end. Throws what `session.request` throws when the session is over. */
export function startRequest(
  session: ClientHttp2Session,
  { method, path, headers, body, signal }: StreamRequest,
  toFailure: ToFailure,
  turnstile?: Turnstile,
): RunningRequest {
  const length = body === undefined ? {} : { 'content-length': body.byteLength };
  const stream = ownStream(session.request({ ':method': method, ':path': path, ...headers, ...length }, { endStream: body === undefined }));
  const running = new OpenRequest(stream, toFailure, turnstile);
  failWhenAborted(running, signal);
  if (body) stream.end(body);
  return running;
}
