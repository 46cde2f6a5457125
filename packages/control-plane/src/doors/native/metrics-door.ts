import type { FastifyPluginAsync } from 'fastify';
import { callerOf } from '../../access/caller.ts';
import { maySeeModel } from '../../access/what-is-shown.ts';
import type { Metrics } from '../../observability/metrics.ts';

/** `/metrics` in Prometheus' text format, of the models that the caller may use. */
export function metricsDoor({ metrics }: { readonly metrics: Metrics }): FastifyPluginAsync {
  return async (app) => {
    app.get('/metrics', { config: { permission: 'metrics:read' } }, async (request, reply) => {
      const caller = callerOf(request);
      const { contentType, text } = await metrics.render((model) => maySeeModel(caller, model));
      return reply.type(contentType).send(text);
    });
  };
}
