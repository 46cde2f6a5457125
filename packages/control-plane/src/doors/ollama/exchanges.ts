import { ClusterError, type InferencePath, isClusterError } from '@cluster-ai/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../../access/caller.ts';
import { mayUseModel } from '../../access/model-grants.ts';
import type { InferenceCall } from '../../gateway/gateway.ts';
import { mayUnload } from '../../gateway/keep-alive-wish.ts';
import type { ModelPresets, Presets } from '../../registry/presets/presets.ts';
import type { ResolvedModel } from '../../registry/registry.ts';
import { checkShape } from '../shared/check-shape.ts';
import { whoAnswered } from '../shared/client-stream.ts';
import type { DoorDeps } from '../shared/door-deps.ts';
import { parseJsonObject } from '../shared/json-body.ts';
import { streamAnswer } from '../shared/stream-answer.ts';
import { toEmbeddings } from './embeddings.ts';
import { toKeepAliveSeconds } from './keep-alive.ts';
import { createLineWriter, ollamaLines, type PieceWriter, toWholeObject, writeGenerated, writeMessage } from './lines.ts';
import { toReference } from './names.ts';
import { refuseInChat, refuseInGenerate } from './refuse-unsupported.ts';
import { chatShape, embedShape, generateShape, type OllamaOptions, oldEmbedShape, optionsShape } from './request-shapes.ts';
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
  const model = toReference(asked);
  const bytes = Buffer.from(JSON.stringify({ model, ...body }));
  return { path, model, body: bytes, requestId: request.id, caller: request.caller, ...toWishes(given), signal };
}

/**
 * What came with the model counts before what Ollama takes when nobody says anything. Its messages are added by the gateway, as for every door.
 */
function withPresets<Given extends ModelRequest>(given: Given, { parameters }: Presets): Given {
  const stored = optionsShape.safeParse(parameters);
  if (!stored.success || Object.keys(parameters).length === 0) return given;
  const chosen = Object.entries(given.options ?? {}).filter(([, value]) => value !== null && value !== undefined);
  return { ...given, options: { ...stored.data, ...Object.fromEntries(chosen) } };
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
export function createExchanges({ gateway, registry, presets, clock, log }: DoorDeps & { readonly presets: ModelPresets }) {
  async function findModel(
    { model, name }: ModelRequest,
    caller: Caller | undefined,
  ): Promise<{ readonly asked: string; readonly found: ResolvedModel }> {
    const asked = model || name || '';
    if (asked === '') throw new ClusterError('invalid_request', 'model is required', { param: 'model' });
    const found = await registry.find(toReference(asked));
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
      // who may only ask gets the answer that clients wait for, and the model stays for the others
      if (mayUnload(request.caller)) await gateway.unload(toReference(asked));
      return writer.without('unload');
    }
    await gateway.load(toReference(asked), { ...wishes, caller: request.caller, signal });
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
      const sent = checkShape(generateShape, parseJsonObject(exchange.request.body));
      const { asked, found } = await findModel(sent, exchange.request.caller);
      const stored = await presets.of(found.version);
      const given = withPresets(sent, stored);
      const hasTemplate = found.version.facts.capabilities.includes('chat');
      refuseInGenerate(given, hasTemplate);
      if (!given.prompt) return loadOrUnload(asked, given, exchange, writeGenerated);
      const translation: Translation =
        given.raw || !hasTemplate
          ? { path: '/v1/completions', body: toPromptBody({ ...given, system: given.system ?? stored.system }), write: writeGenerated }
          : { path: '/v1/chat/completions', body: toPromptChatBody(given), write: writeGenerated };
      return answer(asked, given, exchange, translation);
    },

    async chat(exchange: Exchange) {
      const sent = checkShape(chatShape, parseJsonObject(exchange.request.body));
      const { asked, found } = await findModel(sent, exchange.request.caller);
      refuseInChat(sent);
      const given = withPresets(sent, await presets.of(found.version));
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
