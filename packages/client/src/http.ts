import { ClusterError, fromWireError, isClusterError, phrase } from '@cluster-ai/contracts';
import { parseJson, readProblem } from './problem.ts';
import { readServerSentEvents, type ServerSentEvent } from './server-sent-events.ts';

/** Of every call: `signal` ends it, and the promise rejects with the signal's reason. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface Call extends CallOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/api/v1`, with its parts already encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  /** Sent as they are, instead of a body. */
  readonly bytes?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What was refused: enough to tell what somebody did from what a page fetches by itself. */
export interface RefusedCall {
  readonly isChange: boolean;
}

export interface StreamCall extends Call {
  readonly onActivity?: (() => void) | undefined;
}

export interface Http {
  /** The parsed body; `undefined` where the answer has none (204). Throws ClusterError. */
  request<T>(call: Call): Promise<T>;
  /** The answer's bytes as they come. Throws ClusterError. */
  bytes(call: Call): AsyncGenerator<Uint8Array, void, undefined>;
  /** The answer's text as it comes, for what is no JSON and may be long. Throws ClusterError. */
  text(call: Call): AsyncGenerator<string, void, undefined>;
  /** The answer's server-sent events. Throws ClusterError, also for an `error` event within the stream. */
  stream(call: StreamCall): AsyncGenerator<ServerSentEvent, void, undefined>;
}

export interface HttpOptions {
  readonly baseUrl: string;
  readonly fetch: typeof globalThis.fetch;
  /** Sent with every request, as a bearer token. */
  readonly key: string | undefined;
  /** Sent with every call that changes something. */
  readonly headersOfChanges: () => Readonly<Record<string, string>>;
  /** Hears of each answer that is an error, before the call throws it. */
  readonly onRefused?: ((error: ClusterError, call: RefusedCall) => void) | undefined;
}

function toUrl(baseUrl: string, { path, query = {} }: Call): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '');
  const search = given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
  return `${baseUrl.replace(/\/+$/, '')}/api/v1/${path}${search}`;
}

type Identity = Pick<HttpOptions, 'key' | 'headersOfChanges'>;

function toRequestInit({ method = 'GET', body, bytes, headers, signal }: Call, { key, headersOfChanges }: Identity): RequestInit {
  return {
    method,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(bytes === undefined ? {} : { 'content-type': 'application/octet-stream' }),
      ...(method === 'GET' ? {} : headersOfChanges()),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(bytes === undefined ? {} : { body: bytes as Uint8Array<ArrayBuffer> }),
    ...(signal === undefined ? {} : { signal }),
  };
}

function toConnectionError(baseUrl: string, cause: unknown): ClusterError {
  return new ClusterError(
    'not_running',
    baseUrl === '' ? phrase('nothing_answers_here') : phrase('nothing_answers', { address: baseUrl }),
    {
      hint: phrase('start_the_cluster'),
      cause,
    },
  );
}

function toStreamError({ data }: ServerSentEvent): ClusterError {
  return fromWireError(parseJson(data), 'internal', 'The stream ended with an error and no explanation.');
}

/** The one place that talks HTTP. */
export function createHttp({ baseUrl, fetch, onRefused, ...identity }: HttpOptions): Http {
  async function send(call: Call): Promise<Response> {
    const response = await fetch(toUrl(baseUrl, call), toRequestInit(call, identity)).catch((cause: unknown) => {
      if (call.signal?.aborted) throw call.signal.reason;
      throw isClusterError(cause) ? cause : toConnectionError(baseUrl, cause); // a `fetch` of the caller's may know more
    });
    if (response.ok) return response;
    const problem = await readProblem(response);
    onRefused?.(problem, { isChange: (call.method ?? 'GET') !== 'GET' });
    throw problem;
  }

  /** What a connection that broke half-way throws, in our words: a TypeError in browsers and in Node. */
  function toBrokenError(call: Call, error: unknown): unknown {
    if (call.signal?.aborted) return call.signal.reason;
    return error instanceof TypeError ? toConnectionError(baseUrl, error) : error;
  }

  async function* bytes(call: Call): AsyncGenerator<Uint8Array, void, undefined> {
    const response = await send(call);
    if (response.body === null) return;
    try {
      for await (const piece of response.body) yield piece as Uint8Array;
    } catch (error) {
      throw toBrokenError(call, error);
    }
  }

  async function* text(call: Call): AsyncGenerator<string, void, undefined> {
    const decoder = new TextDecoder();
    for await (const piece of bytes(call)) yield decoder.decode(piece, { stream: true });
  }

  async function* stream(call: StreamCall): AsyncGenerator<ServerSentEvent, void, undefined> {
    const response = await send({ ...call, headers: { ...call.headers, accept: 'text/event-stream' } });
    if (response.body === null) return;
    try {
      for await (const event of readServerSentEvents(response.body, call.onActivity)) {
        if (event.event === 'error') throw toStreamError(event);
        yield event;
      }
    } catch (error) {
      throw toBrokenError(call, error);
    }
  }

  async function request<T>(call: Call): Promise<T> {
    const response = await send(call);
    const text = await response.text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  return { request, bytes, text, stream };
}
