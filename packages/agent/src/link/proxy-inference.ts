import { request as httpRequest, type IncomingMessage } from 'node:http';
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { ClusterError } from '@cluster-ai/contracts';
import { answerError, errnoOf } from '@cluster-ai/runtime';
import type { EngineEndpoint } from '../engines/engine.ts';
import { EngineConnections, type EngineRequest } from './engine-connections.ts';

/** Headers that speak of one connection and not of the message; HTTP/2 refuses them. */
const hopByHop = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'host',
  'http2-settings',
];

function forwardable(headers: IncomingHttpHeaders | IncomingMessage['headers']): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !name.startsWith(':') && !hopByHop.includes(name)) kept[name] = value;
  return kept;
}

function toCrashed(error: unknown): ClusterError {
  return new ClusterError('engine_crashed', `The engine did not answer (${errnoOf(error) ?? 'unknown'}).`, {
    hint: 'It is started again; see `cluster-ai logs`.',
    cause: error,
  });
}

/** The answer goes on as it comes, no faster than the other end takes it, and its trailers after it. */
function forwardAnswer(answer: IncomingMessage, stream: ServerHttp2Stream): void {
  answer.on('error', () => {}); // `close` follows
  if (stream.destroyed || stream.closed) return void answer.destroy();
  stream.respond({ ':status': answer.statusCode ?? 502, ...forwardable(answer.headers) }, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers(forwardable(answer.trailers)));
  stream.on('drain', () => answer.resume());
  answer.on('data', (chunk: Buffer) => {
    if (!stream.write(chunk)) answer.pause();
  });
  answer.once('close', () => {
    if (answer.complete) stream.end();
    else stream.close(constants.NGHTTP2_INTERNAL_ERROR); // an answer that broke must not look complete
  });
}

function createCancel() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

export interface InferenceProxy extends Disposable {
  /** Takes over the stream: one request to the engine behind the socket. */
  forward(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, path: string, endpoint: EngineEndpoint): void;
}

/** Between a stream of the link and the HTTP/1.1 of an engine's Unix socket. */
export function createInferenceProxy(): InferenceProxy {
  const connections = new EngineConnections();
  return {
    forward(stream, headers, path, { socketPath }) {
      if (stream.destroyed || stream.closed) return; // cancelled before it got here
      const { signal, abort } = createCancel();
      const wish: EngineRequest = {
        agent: connections,
        socketPath,
        method: 'POST',
        path,
        headers: forwardable(headers),
        signal,
        cancellation: signal,
      };
      const request = httpRequest(wish);
      request.once('response', (answer) => forwardAnswer(answer, stream));
      request.on('error', (error) => answerError(stream, toCrashed(error)));
      request.on('drain', () => stream.resume());
      stream.on('data', (chunk: Buffer) => {
        if (!request.write(chunk)) stream.pause();
      });
      stream.once('end', () => {
        if (!stream.rstCode) request.end(); // a reset looks like an end
      });
      // whoever asked went away, or has everything: for the engine both free the slot
      stream.once('close', () => {
        if (!stream.writableFinished || stream.rstCode) abort();
      });
    },
    [Symbol.dispose]: () => connections.destroy(),
  };
}
