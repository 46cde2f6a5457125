import { ClusterError, type InferencePath } from '@cluster-ai/contracts';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { InferenceCall } from '../../gateway/gateway.ts';
import type { ResolvedModel } from '../../registry/registry.ts';
import { checkShape } from '../shared/check-shape.ts';
import { abortWhenClientLeaves, whoAnswered } from '../shared/client-stream.ts';
import type { DoorDeps } from '../shared/door-deps.ts';
import { parseJsonObject, takeBodiesAsBytes } from '../shared/json-body.ts';
import { streamAnswer } from '../shared/stream-answer.ts';
import { toEmbeddings } from './embeddings.ts';
import { toKeepAliveSeconds } from './keep-alive.ts';
import { refuseModelChanges } from './later-routes.ts';
import { createLineWriter, ollamaLines, type PieceWriter, toWholeObject, writeGenerated, writeMessage } from './lines.ts';
import { listRunning, listTags, showModel } from './models.ts';
import { renderOllamaError } from './ollama-error.ts';
import { refuseInChat, refuseInGenerate } from './refuse-unsupported.ts';
import { chatShape, embedShape, generateShape, type OllamaOptions, oldEmbedShape, showShape } from './request-shapes.ts';
import { toChatBody, toEngineOptions, toPromptBody, toPromptChatBody } from './to-engine-request.ts';

/** The version of Ollama's API that this door speaks: clients refuse features, or to work at all, below some version. */
const OLLAMA_API_VERSION = '0.12.0';

/** The fields that every request about a model may carry. */
interface ModelRequest {
  readonly model?: string | null | undefined;
  readonly name?: string | null | undefined;
  readonly keep_alive?: number | string | null | undefined;
  readonly options?: OllamaOptions | null | undefined;
  readonly stream?: boolean | null | undefined;
}

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** What goes to the engine, and how its answer is written. */
interface Translation {
  readonly path: InferencePath;
  readonly body: object;
  readonly write: PieceWriter;
}

/** Ollama's API, to be registered under `/api`. */
export function ollamaDoor({ gateway, registry, clock, log }: DoorDeps): FastifyPluginAsync {
  function findModel({ model, name }: ModelRequest): { readonly asked: string; readonly found: ResolvedModel } {
    const asked = model || name || '';
    if (asked === '') throw new ClusterError('invalid_request', 'model is required', { param: 'model' });
    const found = registry.find(asked);
    // clients look for exactly this sentence before they offer to pull the model
    if (found === undefined) throw new ClusterError('model_not_found', `model '${asked}' not found`, { param: 'model' });
    return { asked, found };
  }

  function toCall(asked: string, given: ModelRequest, { request, reply }: Exchange, path: InferencePath, body: object): InferenceCall {
    const keepAliveSeconds = toKeepAliveSeconds(given.keep_alive);
    return {
      path,
      model: asked,
      body: Buffer.from(JSON.stringify({ model: asked, ...body })),
      requestId: request.id,
      ...(keepAliveSeconds === undefined ? {} : { keepAliveSeconds }),
      ...toEngineOptions(given.options),
      signal: abortWhenClientLeaves(reply),
    };
  }

  async function answer(asked: string, given: ModelRequest, exchange: Exchange, { path, body, write }: Translation) {
    const writer = createLineWriter(asked, write, clock);
    const call = toCall(asked, given, exchange, path, body);
    const serve = () => gateway.serve(call);
    const { reply } = exchange;
    if (given.stream !== false) return streamAnswer({ reply, clock, log, signal: call.signal, dialect: ollamaLines(writer), serve });
    const served = await serve();
    return reply.headers(whoAnswered(served)).send(await toWholeObject(served, writer));
  }

  /** A request without a prompt only loads the model; with `keep_alive: 0` it unloads it. */
  async function loadOrUnload(asked: string, given: ModelRequest, { reply }: Exchange, write: PieceWriter) {
    const keepAliveSeconds = toKeepAliveSeconds(given.keep_alive);
    const writer = createLineWriter(asked, write, clock);
    if (keepAliveSeconds === 0) {
      await gateway.unload(asked);
      return writer.without('unload');
    }
    const signal = abortWhenClientLeaves(reply);
    await gateway.load(asked, {
      ...(keepAliveSeconds === undefined ? {} : { keepAliveSeconds }),
      ...toEngineOptions(given.options),
      signal,
    });
    return writer.without('load');
  }

  async function generate(exchange: Exchange) {
    const given = checkShape(generateShape, parseJsonObject(exchange.request.body));
    const { asked, found } = findModel(given);
    const hasTemplate = found.version.facts.capabilities.includes('chat');
    refuseInGenerate(given, hasTemplate);
    if (!given.prompt) return loadOrUnload(asked, given, exchange, writeGenerated);
    const translation: Translation =
      given.raw || !hasTemplate
        ? { path: '/v1/completions', body: toPromptBody(given), write: writeGenerated }
        : { path: '/v1/chat/completions', body: toPromptChatBody(given), write: writeGenerated };
    return answer(asked, given, exchange, translation);
  }

  async function chat(exchange: Exchange) {
    const given = checkShape(chatShape, parseJsonObject(exchange.request.body));
    const { asked } = findModel(given);
    refuseInChat(given);
    if (!given.messages?.length) return loadOrUnload(asked, given, exchange, writeMessage);
    return answer(asked, given, exchange, { path: '/v1/chat/completions', body: toChatBody(given), write: writeMessage });
  }

  async function embedAll(input: readonly string[], given: ModelRequest, extra: object, exchange: Exchange) {
    const { asked } = findModel(given);
    const startedAt = clock.monotonic();
    const body = { input, encoding_format: 'float', ...extra };
    const served = input.length === 0 ? undefined : await gateway.serve(toCall(asked, given, exchange, '/v1/embeddings', body));
    if (served !== undefined) void exchange.reply.headers(whoAnswered(served));
    return { model: asked, ...(await toEmbeddings(served, () => clock.monotonic() - startedAt)) };
  }

  async function embed(exchange: Exchange) {
    const given = checkShape(embedShape, parseJsonObject(exchange.request.body));
    const input = typeof given.input === 'string' ? [given.input].filter((text) => text !== '') : (given.input ?? []);
    return embedAll(input, given, given.dimensions ? { dimensions: given.dimensions } : {}, exchange);
  }

  async function embedOne(exchange: Exchange) {
    const given = checkShape(oldEmbedShape, parseJsonObject(exchange.request.body));
    const { embeddings } = await embedAll(given.prompt ? [given.prompt] : [], given, {}, exchange);
    return { embedding: embeddings[0] ?? [] };
  }

  return async (app) => {
    takeBodiesAsBytes(app, '*');
    app.setErrorHandler(renderOllamaError);
    app.setNotFoundHandler(({ method, url }) => {
      throw new ClusterError('unknown_route', `${method} ${url.split('?')[0]?.slice(0, 200)} does not exist here.`);
    });

    const use = { config: { permission: 'inference:use' } } as const;
    const read = { config: { permission: 'models:read' } } as const;
    app.post('/generate', use, (request, reply) => generate({ request, reply }));
    app.post('/chat', use, (request, reply) => chat({ request, reply }));
    app.post('/embed', use, (request, reply) => embed({ request, reply }));
    app.post('/embeddings', use, (request, reply) => embedOne({ request, reply }));

    app.get('/tags', read, () => listTags(registry));
    app.get('/ps', read, () => listRunning(gateway));
    app.post('/show', read, ({ body }) => showModel(findModel(checkShape(showShape, parseJsonObject(body))).found));
    app.get('/version', { config: { permission: 'public', why: 'Clients ask before they have a key.' } }, () => ({
      version: OLLAMA_API_VERSION,
    }));
    refuseModelChanges(app);
  };
}

/** `HEAD | GET /` as Ollama answers it: every run of its command line asks first. */
export const ollamaRoot: FastifyPluginAsync = async (app) => {
  app.get('/', { config: { permission: 'public', why: 'Says only that something runs here.' } }, (_request, reply) =>
    reply.type('text/plain; charset=utf-8').send('Ollama is running'),
  );
};
