import { ClusterError, type InferencePath } from '@cluster-ai/contracts';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { checkModelGrant } from '../../access/model-grants.ts';
import type { InferenceCall } from '../../gateway/gateway.ts';
import { readWhole } from '../../gateway/read-answer.ts';
import { trackCalls } from '../shared/calls.ts';
import { checkShape } from '../shared/check-shape.ts';
import { whoAnswered } from '../shared/client-stream.ts';
import type { DoorDeps } from '../shared/door-deps.ts';
import { type JsonObject, parseJsonObject, takeBodiesAsBytes } from '../shared/json-body.ts';
import { type StreamDialect, streamAnswer } from '../shared/stream-answer.ts';
import { forwardEvents } from './forward-events.ts';
import { listModels, showModel } from './models.ts';
import { renderOpenAiError, toOpenAiError } from './openai-error.ts';
import { refuseMedia, refuseSuffix } from './refuse-unsupported.ts';
import { chatShape, completionShape, embeddingShape } from './request-shapes.ts';

/** What the door itself needs of a checked request. */
interface CheckedRequest {
  readonly model?: string | null | undefined;
  readonly stream?: boolean | null | undefined;
}

const eventStream: StreamDialect = {
  contentType: 'text/event-stream; charset=utf-8',
  keepAlive: () => ': keep-alive\n\n',
  toErrorEvent: (error) => `data: ${JSON.stringify(toOpenAiError(error))}\n\n`,
  forward: forwardEvents,
};

function checkChat(body: JsonObject): CheckedRequest {
  const request = checkShape(chatShape, body);
  refuseMedia(request.messages);
  return request;
}

function checkCompletion(body: JsonObject): CheckedRequest {
  const request = checkShape(completionShape, body);
  refuseSuffix(request.suffix);
  return request;
}

function checkEmbedding(body: JsonObject): CheckedRequest {
  return { model: checkShape(embeddingShape, body).model, stream: false };
}

type Check = (body: JsonObject) => CheckedRequest;

/** OpenAI's API, to be registered under `/v1`. Bodies go to the engine as they came, and answers come back as they were written. */
export function openAiDoor({ gateway, registry, clock, log }: DoorDeps): FastifyPluginAsync {
  async function answerWhole(call: InferenceCall, reply: FastifyReply) {
    const served = await gateway.serve(call);
    const whole = await readWhole(served.body);
    return reply.headers(whoAnswered(served)).type(served.contentType).send(whole);
  }

  function answer(
    path: InferencePath,
    { model, stream }: CheckedRequest,
    request: FastifyRequest,
    reply: FastifyReply,
    signal: AbortSignal,
  ) {
    const call: InferenceCall = {
      path,
      model: model ?? '',
      body: request.body as Buffer,
      requestId: request.id,
      caller: request.caller,
      signal,
    };
    if (stream !== true) return answerWhole(call, reply);
    return streamAnswer({ reply, clock, log, signal, dialect: eventStream, serve: () => gateway.serve(call) });
  }

  return async (app) => {
    const calls = trackCalls(app, clock);
    takeBodiesAsBytes(app, 'application/json');
    app.setErrorHandler(renderOpenAiError);
    app.setNotFoundHandler(({ method, url }) => {
      throw new ClusterError('unknown_route', `${method} ${url.split('?')[0]?.slice(0, 200)} does not exist here.`);
    });

    const serve = (url: string, path: InferencePath, check: Check) =>
      app.post(url, { config: { permission: 'inference:use' } }, (request, reply) => {
        const checked = check(parseJsonObject(request.body));
        return calls.run(reply, (signal) => answer(path, checked, request, reply, signal));
      });
    serve('/chat/completions', '/v1/chat/completions', checkChat);
    serve('/completions', '/v1/completions', checkCompletion);
    serve('/embeddings', '/v1/embeddings', checkEmbedding);

    app.get('/models', { config: { permission: 'models:read' } }, (request) => listModels(registry, request.caller));
    app.get<{ Params: { '*': string } }>('/models/*', { config: { permission: 'models:read' } }, async ({ params, caller }) => {
      const found = await registry.resolve(params['*'], caller);
      if (caller !== undefined) checkModelGrant(caller, found.name);
      return showModel(found);
    });
    app.delete('/models/*', { config: { permission: 'models:write' } }, () => {
      throw new ClusterError('method_not_allowed', 'Models are not deleted through this API.', {
        hint: 'Use `cluster-ai models rm NAME`.',
      });
    });
  };
}
