import { Agent as HttpAgent, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { getCACertificates } from 'node:tls';
import { isClusterError } from '@cluster-ai/contracts';
import { checkUrl, type Destination, type OutgoingPolicy } from './check-url.ts';
import { type Address, codeOf, remoteFailed as failed, type Resolve, resolveName, resolveOnce } from './resolve-once.ts';
import { untilAborted } from './until-aborted.ts';

export interface OutgoingRequest {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** `answer` hands the redirect itself to the caller. Only reads are followed. */
  readonly redirect?: 'follow' | 'answer';
}

interface AnswerHead {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  /** Where it came from in the end. */
  readonly url: string;
}

export interface OutgoingAnswer extends AnswerHead {
  readonly body: Buffer;
}

export interface OutgoingStreamRequest extends Omit<OutgoingRequest, 'body'> {
  readonly body?: OutgoingRequest['body'] | AsyncIterable<Uint8Array>;
}

/** An answer whose body is read as it comes. Whoever has one reads it to its end or destroys it. */
export interface OutgoingStream extends AnswerHead {
  readonly body: Readable;
}

/** The one way by which this program calls addresses that somebody names. */
export interface OutgoingClient {
  /**
   * Throws `address_refused` for an address that may not be called (before anything is sent), and `remote_failed` when there is no answer in
   * time or one that is too large.
   */
  send(request: OutgoingRequest, signal?: AbortSignal): Promise<OutgoingAnswer>;
  /**
   * For what is large either way: resolves with the head of the answer. Throws as `send` does; it may take any time and size, but not stand still:
   * a body that brings nothing for a while is destroyed with `remote_failed`.
   */
  stream(request: OutgoingStreamRequest, signal: AbortSignal): Promise<OutgoingStream>;
}

export interface OutgoingClientOptions {
  readonly policy: OutgoingPolicy;
  /** Certificates of authorities, PEM, that are trusted beside the usual ones. */
  readonly authorities?: readonly string[];
  readonly resolve?: Resolve;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  /** How long a stream may stand still. */
  readonly idleMs?: number;
}

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 1024 * 1024;
const IDLE_MS = 30_000;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_REDIRECTS = 3;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Meant for the host that was named, not for the one it sends us to. */
const PRIVATE_HEADERS = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** Names what was looked up and checked, so that nobody is asked a second time, who might answer something else. */
const pin =
  (addresses: readonly Address[]): LookupFunction =>
  (_host, { all }, callback) => {
    const [first] = addresses;
    if (all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family ?? 4);
  };

async function readBody(answer: IncomingMessage, host: string, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw failed(host, `answered with more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const toHeaders = ({ headers }: IncomingMessage): ReadonlyMap<string, string> =>
  new Map(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]));

/** Where the answer sends us, for what may be followed. */
function findRedirect<Request extends OutgoingStreamRequest>(request: Request, answer: AnswerHead): Request | undefined {
  const { method = 'GET', redirect = 'follow' } = request;
  const location = answer.headers.get('location');
  if (redirect === 'answer' || !REDIRECTS.has(answer.status) || location === undefined) return undefined;
  const from = new URL(answer.url);
  if (method !== 'GET' && method !== 'HEAD') throw failed(from.host, 'sends us elsewhere with what was meant for it');
  const url = URL.canParse(location, from.href) ? new URL(location, from).href : location;
  const isSameOrigin = URL.canParse(url) && new URL(url).origin === from.origin;
  const kept = Object.entries(request.headers ?? {}).filter(([name]) => isSameOrigin || !PRIVATE_HEADERS.has(name.toLowerCase()));
  return { ...request, url, headers: Object.fromEntries(kept) };
}

const hostOf = (url: string) => (URL.canParse(url) ? new URL(url).host : url.slice(0, 100));

/** Takes nothing from the environment: no proxy, no agent that anybody else could have changed. */
export function createOutgoingClient({
  policy,
  authorities = [],
  resolve = resolveName,
  timeoutMs = TIMEOUT_MS,
  maxBytes = MAX_BYTES,
  idleMs = IDLE_MS,
}: OutgoingClientOptions): OutgoingClient {
  const trusted = authorities.length === 0 ? {} : { ca: [...getCACertificates('default'), ...authorities] };

  function open({ url, host }: Destination, addresses: readonly Address[], request: OutgoingStreamRequest, signal: AbortSignal) {
    const isSecure = url.protocol === 'https:';
    const options: RequestOptions = {
      method: request.method ?? 'GET',
      headers: { ...request.headers, 'accept-encoding': 'identity' }, // what is small when packed may be large
      agent: isSecure ? new HttpsAgent({ ...trusted, minVersion: 'TLSv1.2' }) : new HttpAgent(),
      lookup: pin(addresses),
      maxHeaderSize: MAX_HEADER_BYTES,
      signal,
    };
    return new Promise<IncomingMessage>((answer, fail) => {
      const sent = (isSecure ? requestHttps : requestHttp)(url, options, answer);
      sent.setTimeout(idleMs, () => sent.destroy(failed(host, `brought nothing for ${idleMs / 1000} s`)));
      sent.on('error', (error) => fail(isClusterError(error) ? error : failed(host, `does not answer (${codeOf(error)})`, error)));
      const { body } = request;
      if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) sent.end(body);
      else pipeline(body, sent).catch((error: unknown) => sent.destroy(error as Error)); // the answer or the error of `sent` tells
    });
  }

  /** One request, to an address that was checked, with the head of its answer. */
  async function begin(request: OutgoingStreamRequest, signal: AbortSignal) {
    const destination = checkUrl(request.url, policy);
    const addresses = await resolveOnce(destination, resolve);
    signal.throwIfAborted();
    const answer = await open(destination, addresses, request, signal);
    return {
      answer,
      head: { status: answer.statusCode ?? 0, headers: toHeaders(answer), url: destination.url.href },
      host: destination.host,
    };
  }

  async function sendOnce(request: OutgoingRequest, signal: AbortSignal): Promise<OutgoingAnswer> {
    const { answer, head, host } = await begin(request, signal);
    try {
      return { ...head, body: await readBody(answer, host, maxBytes) };
    } finally {
      answer.destroy();
    }
  }

  async function streamOnce(request: OutgoingStreamRequest, signal: AbortSignal): Promise<OutgoingStream> {
    const { answer, head } = await begin(request, signal);
    return { ...head, body: answer };
  }

  /** Follows what may be followed; each hop is a request of its own, checked as the first. */
  async function follow<Request extends OutgoingStreamRequest, Answer extends OutgoingAnswer | OutgoingStream>(
    request: Request,
    once: (request: Request) => Promise<Answer>,
  ): Promise<Answer> {
    let next = request;
    for (let hops = 0; ; hops++) {
      const answer = await once(next);
      const redirect = findRedirect(next, answer);
      if (redirect === undefined) return answer;
      if (answer.body instanceof Readable) answer.body.destroy();
      if (hops === MAX_REDIRECTS) throw failed(new URL(request.url).host, `sends us elsewhere more than ${MAX_REDIRECTS} times`);
      next = redirect;
    }
  }

  return {
    async send(request, signal) {
      const timeout = AbortSignal.timeout(timeoutMs);
      const stop = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
      try {
        return await untilAborted(
          follow(request, (next) => sendOnce(next, stop)),
          stop,
        );
      } catch (error) {
        if (timeout.aborted) throw failed(hostOf(request.url), `did not answer within ${timeoutMs / 1000} s`, error);
        if (signal?.aborted || isClusterError(error)) throw error;
        throw failed(hostOf(request.url), `broke off its answer (${codeOf(error)})`, error);
      }
    },

    async stream(request, signal) {
      try {
        return await untilAborted(
          follow(request, (next) => streamOnce(next, signal)),
          signal,
        );
      } catch (error) {
        if (signal.aborted || isClusterError(error)) throw error;
        throw failed(hostOf(request.url), `broke off its answer (${codeOf(error)})`, error);
      }
    },
  };
}
