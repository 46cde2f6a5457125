import type { FastifyPluginAsync } from 'fastify';
import type { Metrics } from '../../observability/metrics.ts';

/** `/metrics` in Prometheus' text format. */
export function metricsDoor({ metrics }: { readonly metrics: Metrics }): FastifyPluginAsync {
  return async (app) => {
    app.get('/metrics', { config: { permission: 'metrics:read' } }, async (_request, reply) => {
      const { contentType, text } = await metrics.render();
      return reply.type(contentType).send(text);
    });
  };
}
