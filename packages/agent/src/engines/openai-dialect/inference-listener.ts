import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { ClusterError, type InferenceUsage, inferenceHeaders } from '@cluster-ai/contracts';
import { type AnswerWriter, createAnswerWriter } from './answer-writer.ts';
import { toEmbeddingsAnswer } from './answers.ts';
import {
  type ChatRequest,
  type CompletionRequest,
  type EmbeddingRequest,
  parseChatRequest,
  parseCompletionRequest,
  parseEmbeddingRequest,
  parseJson,
} from './requests.ts';
import { sendError } from './send-error.ts';

/** One request on its way through an engine. */
export interface Exchange {
  readonly requestId: string;
  /** The name to echo. */
  readonly model: string;
  /** Aborts when the caller goes away. */
  readonly signal: AbortSignal;
}

export interface Embeddings {
  readonly vectors: readonly Float32Array[];
  readonly usage: InferenceUsage;
}

/** What an engine does with requests that were read and checked. Whatever these throw is rendered for the caller. */
export interface InferenceHandlers {
  chat(request: ChatRequest, exchange: Exchange, answer: AnswerWriter): Promise<void>;
  complete(request: CompletionRequest, exchange: Exchange, answer: AnswerWriter): Promise<void>;
  embed(request: EmbeddingRequest, exchange: Exchange): Promise<Embeddings>;
}

export interface InferenceListenerOptions {
  readonly handlers: InferenceHandlers;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly maxBodyBytes?: number;
  /** Is told of errors that are nobody's request's fault. */
  readonly onInternalError?: (error: unknown) => void;
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new ClusterError('payload_too_large', `The body is larger than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function signalOf(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort(new ClusterError('cancelled', 'The caller went away.'));
  });
  return controller.signal;
}

const headerOf = (request: IncomingMessage, name: string) => {
  const value = request.headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** Serves the three inference paths of the dialect on any HTTP/1.1 server; the handlers do the work. */
export function createInferenceListener({
  handlers,
  now,
  maxBodyBytes = 32 * 1024 * 1024,
  onInternalError = () => {},
}: InferenceListenerOptions): RequestListener {
  let count = 0;

  const answerGeneration = async (
    kind: 'chat' | 'completion',
    request: ChatRequest | CompletionRequest,
    response: ServerResponse,
    exchange: Exchange,
  ) => {
    const prompts = 'prompt' in request ? request.prompt.length : 1;
    const { continuation } = request;
    const answer = createAnswerWriter(response, {
      kind,
      head: {
        id: `${kind === 'chat' ? 'chatcmpl' : 'cmpl'}-${exchange.requestId}`,
        created: continuation?.created ?? Math.floor(now() / 1000),
        model: exchange.model,
      },
      choices: prompts * (request.n ?? 1),
      isStream: request.stream ?? false,
      wantsUsage: request.stream_options?.include_usage ?? false,
      wantsTimings: request.timings ?? false,
      wantsLogprobs: request.logprobs !== undefined && request.logprobs !== false,
      continuation,
    });
    try {
      if ('messages' in request) await handlers.chat(request, exchange, answer);
      else await handlers.complete(request, exchange, answer);
    } catch (error) {
      answer.fail(error);
      throw error;
    }
  };

  const answerEmbeddings = async (body: unknown, response: ServerResponse, exchange: Exchange) => {
    const request = parseEmbeddingRequest(body);
    const { vectors, usage } = await handlers.embed(request, exchange);
    response.writeHead(200, { 'content-type': 'application/json', trailer: inferenceHeaders.usage });
    response.write(JSON.stringify(toEmbeddingsAnswer(exchange.model, vectors, usage.promptTokens, request.encoding_format)));
    response.addTrailers({ [inferenceHeaders.usage]: JSON.stringify(usage) });
    response.end();
  };

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const signal = signalOf(response);
    const path = request.url?.split('?')[0];
    const isKnown = path === '/v1/chat/completions' || path === '/v1/completions' || path === '/v1/embeddings';
    if (!isKnown) throw new ClusterError('unknown_route', 'The engine has no such route.');
    if (request.method !== 'POST') throw new ClusterError('method_not_allowed', 'The engine takes POST only.');
    const body = parseJson(await readBody(request, maxBodyBytes));
    const named = (body as { model?: unknown } | null)?.model;
    const exchange: Exchange = {
      requestId: headerOf(request, inferenceHeaders.requestId) ?? `${now().toString(36)}${(count++).toString(36)}`,
      model: headerOf(request, inferenceHeaders.model) ?? (typeof named === 'string' ? named : ''),
      signal,
    };
    if (path === '/v1/chat/completions') return answerGeneration('chat', parseChatRequest(body), response, exchange);
    if (path === '/v1/completions') return answerGeneration('completion', parseCompletionRequest(body), response, exchange);
    return answerEmbeddings(body, response, exchange);
  };

  return (request, response) => {
    response.on('error', () => {}); // a caller that went away; the signal tells whom it concerns
    serve(request, response).catch((error: unknown) => {
      if (!(error instanceof ClusterError)) onInternalError(error);
      if (!response.writableEnded) sendError(response, error);
    });
  };
}
