import { ClusterError, type InferencePath, isClusterError } from '@cluster-ai/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../../access/caller.ts';
import { mayUseModel } from '../../access/model-grants.ts';
import type { InferenceCall } from '../../gateway/gateway.ts';
import type { ResolvedModel } from '../../registry/registry.ts';
import { checkShape } from '../shared/check-shape.ts';
import { whoAnswered } from '../shared/client-stream.ts';
import type { DoorDeps } from '../shared/door-deps.ts';
import { parseJsonObject } from '../shared/json-body.ts';
import { streamAnswer } from '../shared/stream-answer.ts';
import { toEmbeddings } from './embeddings.ts';
import { toKeepAliveSeconds } from './keep-alive.ts';
import { createLineWriter, ollamaLines, type PieceWriter, toWholeObject, writeGenerated, writeMessage } from './lines.ts';
import { refuseInChat, refuseInGenerate } from './refuse-unsupported.ts';
import { chatShape, embedShape, generateShape, type OllamaOptions, oldEmbedShape } from './request-shapes.ts';
import { toChatBody, toEngineOptions, toPromptBody, toPromptChatBody } from './to-engine-request.ts';

/** One request, and the signal that its caller went away. */
export interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly signal: AbortSignal;
}

/** The fields that every request about a model may carry. */
interface ModelRequest {
  readonly model?: string | null | undefined;
  readonly name?: string | null | undefined;
  readonly keep_alive?: number | string | null | undefined;
  readonly options?: OllamaOptions | null | undefined;
  readonly stream?: boolean | null | undefined;
}

/** What goes to the engine, and how its answer is written. */
interface Translation {
  readonly path: InferencePath;
  readonly body: object;
  readonly write: PieceWriter;
}

/** What a request wishes about the replica that answers it. */
function toWishes({ keep_alive, options }: ModelRequest) {
  const keepAliveSeconds = toKeepAliveSeconds(keep_alive);
  return { ...(keepAliveSeconds === undefined ? {} : { keepAliveSeconds }), ...toEngineOptions(options) };
}

function toCall(asked: string, given: ModelRequest, { request, signal }: Exchange, path: InferencePath, body: object): InferenceCall {
  const bytes = Buffer.from(JSON.stringify({ model: asked, ...body }));
  return { path, model: asked, body: bytes, requestId: request.id, caller: request.caller, ...toWishes(given), signal };
}

/** Clients look for the beginning of this sentence, and then send less. */
function tellTooLong(error: unknown): never {
  if (!isClusterError(error) || error.code !== 'context_length_exceeded') throw error;
  const { message, details, param } = error;
  throw new ClusterError('context_length_exceeded', `the input length exceeds the context length: ${message}`, {
    details,
    ...(param === undefined ? {} : { param }),
    cause: error,
  });
}

/** The endpoints that work with a model. Each reads a request in Ollama's words and answers in them. */
export function createExchanges({ gateway, registry, clock, log }: DoorDeps) {
  async function findModel(
    { model, name }: ModelRequest,
    caller: Caller | undefined,
  ): Promise<{ readonly asked: string; readonly found: ResolvedModel }> {
    const asked = model || name || '';
    if (asked === '') throw new ClusterError('invalid_request', 'model is required', { param: 'model' });
    const found = await registry.find(asked);
    // clients look for exactly this sentence before they offer to pull the model
    if (found === undefined || (caller !== undefined && !mayUseModel(caller, found.name)))
      throw new ClusterError('model_not_found', `model '${asked}' not found`, { param: 'model' });
    return { asked, found };
  }

  async function answer(asked: string, given: ModelRequest, exchange: Exchange, { path, body, write }: Translation) {
    const writer = createLineWriter(asked, write, clock);
    const call = toCall(asked, given, exchange, path, body);
    const serve = () => gateway.serve(call);
    const { reply, signal } = exchange;
    if (given.stream !== false) return streamAnswer({ reply, clock, log, signal, dialect: ollamaLines(writer), serve });
    const served = await serve();
    return reply.headers(whoAnswered(served)).send(await toWholeObject(served, writer));
  }

  /** A request without a prompt only loads the model; with `keep_alive: 0` it unloads it. */
  async function loadOrUnload(asked: string, given: ModelRequest, { signal, request }: Exchange, write: PieceWriter) {
    const wishes = toWishes(given);
    const writer = createLineWriter(asked, write, clock);
    if (wishes.keepAliveSeconds === 0) {
      await gateway.unload(asked);
      return writer.without('unload');
    }
    await gateway.load(asked, { ...wishes, caller: request.caller, signal });
    return writer.without('load');
  }

  async function embedAll(input: readonly string[], given: ModelRequest, extra: object, exchange: Exchange) {
    const { asked } = await findModel(given, exchange.request.caller);
    const startedAt = clock.monotonic();
    const body = { input, encoding_format: 'float', ...extra };
    const serve = () => gateway.serve(toCall(asked, given, exchange, '/v1/embeddings', body)).catch(tellTooLong);
    const served = input.length === 0 ? undefined : await serve();
    if (served !== undefined) void exchange.reply.headers(whoAnswered(served));
    return { model: asked, ...(await toEmbeddings(served, () => clock.monotonic() - startedAt)) };
  }

  return {
    findModel,

    async generate(exchange: Exchange) {
      const given = checkShape(generateShape, parseJsonObject(exchange.request.body));
      const { asked, found } = await findModel(given, exchange.request.caller);
      const hasTemplate = found.version.facts.capabilities.includes('chat');
      refuseInGenerate(given, hasTemplate);
      if (!given.prompt) return loadOrUnload(asked, given, exchange, writeGenerated);
      const translation: Translation =
        given.raw || !hasTemplate
          ? { path: '/v1/completions', body: toPromptBody(given), write: writeGenerated }
          : { path: '/v1/chat/completions', body: toPromptChatBody(given), write: writeGenerated };
      return answer(asked, given, exchange, translation);
    },

    async chat(exchange: Exchange) {
      const given = checkShape(chatShape, parseJsonObject(exchange.request.body));
      const { asked } = await findModel(given, exchange.request.caller);
      refuseInChat(given);
      if (!given.messages?.length) return loadOrUnload(asked, given, exchange, writeMessage);
      return answer(asked, given, exchange, { path: '/v1/chat/completions', body: toChatBody(given), write: writeMessage });
    },

    async embed(exchange: Exchange) {
      const given = checkShape(embedShape, parseJsonObject(exchange.request.body));
      const input = typeof given.input === 'string' ? [given.input].filter((text) => text !== '') : (given.input ?? []);
      const truncate = given.truncate ?? true;
      return embedAll(input, given, { truncate, ...(given.dimensions ? { dimensions: given.dimensions } : {}) }, exchange);
    },

    /** The endpoint's older form: one text, one vector. It never cuts a text. */
    async embedOne(exchange: Exchange) {
      const given = checkShape(oldEmbedShape, parseJsonObject(exchange.request.body));
      const { embeddings } = await embedAll(given.prompt ? [given.prompt] : [], given, {}, exchange);
      return { embedding: embeddings[0] ?? [] };
    },
  };
}
