import {
  backupRequestShape,
  backupShape,
  type ClusterStatus,
  clusterEventShape,
  clusterStatusShape,
  configShape,
  loadHistoryShape,
  type Node,
  phrase,
  toCondition,
} from '@cluster-ai/contracts';
import { maskSecrets } from '@cluster-ai/runtime';
import { z } from 'zod';
import { describeAct } from '../../access/audit/act.ts';
import { callerOf } from '../../access/caller.ts';
import { toShownEvent } from '../../access/what-is-shown.ts';
import type { NumberedEvent } from '../../observability/event-bus.ts';
import { openEventStream } from './event-stream.ts';
import type { NativeDependencies } from './native-door.ts';
import { type NativeRoute, route } from './route.ts';

const tag = 'cluster';

const mean = (values: readonly number[]) => (values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length);

function memoryUsage(nodes: readonly Node[]): number {
  const used = nodes.reduce((sum, node) => sum + (node.metrics?.memoryUsedBytes ?? 0), 0);
  const total = nodes.reduce((sum, node) => sum + (node.hardware?.memoryBytes ?? 0), 0);
  return total === 0 ? 0 : used / total;
}

export async function toClusterStatus({
  nodes,
  gateway,
  registry,
  activeTasks,
  describe,
  clock,
}: NativeDependencies): Promise<ClusterStatus> {
  const all = nodes.list();
  const ready = all.filter(({ condition }) => condition.state === 'ready');
  const load = gateway.measure();
  const { name, version, startedAtMs, listeners, dataFolder } = describe();
  const condition =
    ready.length === 0
      ? toCondition('degraded', 'no_ready_node', clock.now())
      : ready.length < all.length
        ? toCondition('degraded', 'some_nodes_not_ready', clock.now(), {
            message: phrase('some_nodes_ready', { ready: ready.length, all: all.length }),
          })
        : toCondition('ready', 'serving', startedAtMs);
  return {
    name,
    version,
    condition,
    started_at: new Date(startedAtMs).toISOString(),
    total_workers: all.length,
    ready_workers: ready.length,
    active_tasks: load.active + activeTasks(),
    queued_tasks: load.queued,
    cpu_utilization: mean(ready.map((node) => node.metrics?.cpuUtilization ?? 0)),
    memory_usage: memoryUsage(ready),
    gpu_available: ready.some((node) => (node.hardware?.gpus.length ?? 0) > 0),
    tokens_per_second: load.tokensPerSecond,
    models: await registry.count(),
    running_models: new Set(gateway.running().map(({ model }) => model.name)).size,
    listeners: [...listeners],
    data_folder: dataFolder,
  };
}

export function clusterRoutes(dependencies: NativeDependencies): readonly NativeRoute[] {
  const { events, load, config, backups, clock } = dependencies;
  return [
    route({
      method: 'GET',
      path: '/cluster/status',
      permission: 'cluster:read',
      tag,
      summary: 'How the cluster is, in one object',
      answer: clusterStatusShape,
      handle: async () => toClusterStatus(dependencies),
    }),
    route({
      method: 'GET',
      path: '/cluster/load',
      permission: 'cluster:read',
      tag,
      summary: 'How busy the cluster was in the last ten minutes',
      answer: loadHistoryShape,
      handle: async () => ({ now: new Date(clock.now()).toISOString(), samples: [...load.samples()] }),
    }),
    route({
      method: 'GET',
      path: '/events',
      permission: 'cluster:read',
      tag,
      summary: 'What changes, as it changes',
      query: z.object({ lastEventId: z.coerce.number().int().optional() }),
      answer: clusterEventShape,
      isStream: true,
      handle: async ({ query, request, reply }) => {
        const header = Number.parseInt(String(request.headers['last-event-id'] ?? ''), 10);
        const lastId = Number.isNaN(header) ? query.lastEventId : header;
        const stream = openEventStream(reply);
        const caller = callerOf(request);
        const show = (numbered: NumberedEvent) => {
          const shown = toShownEvent(caller, numbered);
          if (shown !== undefined) stream.send(shown, numbered.id);
        };
        const missed = lastId === undefined ? [] : events.since(lastId);
        if (missed === undefined) stream.send({ type: 'resync' });
        else for (const numbered of missed) show(numbered);
        const stop = events.subscribe(show);
        reply.raw.once('close', stop);
      },
    }),
    route({
      method: 'GET',
      path: '/config',
      permission: 'config:read',
      tag,
      summary: 'The configuration that is in force',
      answer: configShape,
      // a password may stand in the database's address
      handle: async () => ({ ...config, database: maskSecrets(config.database) }),
    }),
    route({
      method: 'POST',
      path: '/backups',
      permission: 'backups:write',
      tag,
      summary: 'Write a backup to a path on the control plane’s machine',
      body: backupRequestShape,
      answer: backupShape,
      status: 201,
      handle: async ({ body, signal }) => {
        describeAct({ target: body.path, details: { includeModels: body.includeModels } });
        return backups.create(body, signal);
      },
    }),
  ];
}
