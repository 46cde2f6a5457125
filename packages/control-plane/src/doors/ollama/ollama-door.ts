import { ClusterError } from '@cluster-ai/contracts';
import type { FastifyPluginAsync } from 'fastify';
import { trackCalls } from '../shared/calls.ts';
import { checkShape } from '../shared/check-shape.ts';
import { parseJsonObject, takeBodiesAsBytes } from '../shared/json-body.ts';
import { createExchanges, type Exchange } from './exchanges.ts';
import { type ModelChangeDeps, modelChanges } from './model-changes.ts';
import { listRunning, listTags, showModel } from './models.ts';
import { renderOllamaError } from './ollama-error.ts';
import { showShape } from './request-shapes.ts';

/** The version of Ollama's API that this door speaks: clients refuse features, or to work at all, below some version. */
const OLLAMA_API_VERSION = '0.12.0';

/** Ollama's API, to be registered under `/api`. What it decides where a cluster differs from one Ollama: design.md. */
export function ollamaDoor(deps: ModelChangeDeps): FastifyPluginAsync {
  const { gateway, registry, presets, clock } = deps;
  const exchanges = createExchanges(deps);

  return async (app) => {
    const calls = trackCalls(app, clock);
    takeBodiesAsBytes(app, '*');
    app.setErrorHandler(renderOllamaError);
    app.setNotFoundHandler(({ method, url }) => {
      throw new ClusterError('unknown_route', `${method} ${url.split('?')[0]?.slice(0, 200)} does not exist here.`);
    });

    const serve = (url: string, handle: (exchange: Exchange) => Promise<unknown>) =>
      app.post(url, { config: { permission: 'inference:use' } }, (request, reply) =>
        calls.run(reply, (signal) => handle({ request, reply, signal })),
      );
    serve('/generate', exchanges.generate);
    serve('/chat', exchanges.chat);
    serve('/embed', exchanges.embed);
    serve('/embeddings', exchanges.embedOne);

    const read = { config: { permission: 'models:read' } } as const;
    app.get('/tags', read, ({ caller }) => listTags(registry, caller));
    app.get('/ps', read, ({ caller }) => listRunning(gateway, caller));
    app.post('/show', read, async ({ body, caller }) => {
      const { found } = await exchanges.findModel(checkShape(showShape, parseJsonObject(body)), caller);
      return showModel(found, await presets.of(found.version));
    });
    app.get('/version', { config: { permission: 'public', why: 'Clients ask before they have a key.' } }, () => ({
      version: OLLAMA_API_VERSION,
    }));
    modelChanges(app, calls, deps);
  };
}
