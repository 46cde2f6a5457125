import { z } from 'zod';
import { nodeShape } from './nodes.ts';
import { operationShape } from './operations.ts';

/**
 * What happens in the cluster, as `GET /api/v1/events` streams it (server-sent events: `id`, `event` = type, `data` = JSON).
 * `Last-Event-ID` replays what a client missed; when that is gone the stream begins with `resync`: fetch everything again.
 */
export const clusterEventShape = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('resync') }),
    z.object({
      type: z.literal('node.changed'),
      node: nodeShape.omit({ metrics: true, metricsAt: true, lastSeenAt: true, roundTripMs: true }),
    }),
    z.object({ type: z.literal('node.removed'), nodeId: z.string() }),
    z.object({
      type: z.literal('node.measured'),
      node: nodeShape.pick({ id: true, metrics: true, metricsAt: true, lastSeenAt: true, roundTripMs: true }),
    }),
    z.object({ type: z.literal('model.changed'), name: z.string() }),
    z.object({ type: z.literal('model.removed'), name: z.string() }),
    z.object({ type: z.literal('replica.changed'), nodeId: z.string(), replicaId: z.string(), model: z.string() }),
    z.object({ type: z.literal('chat.changed'), chatId: z.string() }),
    z.object({ type: z.literal('chat.removed'), chatId: z.string() }),
    z.object({ type: z.literal('cluster.measured'), tokensPerSecond: z.number(), activeRequests: z.int(), queuedRequests: z.int() }),
    z.object({ type: z.literal('operation.changed'), operation: operationShape }),
    /** Only for their owner and for who sees everybody's; many at once come as none: look again. */
    z.object({ type: z.literal('tasks.changed'), owner: z.string(), ids: z.array(z.string()) }),
  ])
  .meta({ id: 'ClusterEvent' });
export type ClusterEvent = z.infer<typeof clusterEventShape>;
