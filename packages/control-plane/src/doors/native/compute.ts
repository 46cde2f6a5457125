import { computeConnectionShape, computeStatusShape, profileRequestShape, scaleRequestShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { callerOf } from '../../access/caller.ts';
import type { Compute } from '../../compute/compute.ts';
import { type NativeRoute, route } from './route.ts';

const tag = 'compute';

/** As Prometheus asks for what it is to scrape: https://prometheus.io/docs/prometheus/latest/http_sd/ */
const targetsShape = z.array(z.object({ targets: z.array(z.string()), labels: z.record(z.string(), z.string()) }));

export interface ComputeRouteDependencies {
  readonly compute: Pick<Compute, 'status' | 'enable' | 'disable' | 'scale' | 'setProfile' | 'connect' | 'dashboard' | 'measure'>;
}

export function computeRoutes({ compute }: ComputeRouteDependencies): readonly NativeRoute[] {
  return [
    route({
      method: 'GET',
      path: '/compute',
      permission: 'compute:read',
      tag,
      summary: 'How the Dask cluster is: its parts, workers and pools',
      answer: computeStatusShape,
      handle: async () => compute.status(),
    }),
    route({
      method: 'POST',
      path: '/compute/enable',
      permission: 'compute:manage',
      tag,
      summary: 'Set up Python and run a Dask cluster on the nodes, now and after each start',
      answer: computeStatusShape,
      handle: async () => {
        await compute.enable();
        return compute.status();
      },
    }),
    route({
      method: 'POST',
      path: '/compute/disable',
      permission: 'compute:manage',
      tag,
      summary: 'End the Dask cluster; accepted tasks wait until it is enabled again',
      answer: computeStatusShape,
      handle: async () => {
        await compute.disable();
        return compute.status();
      },
    }),
    route({
      method: 'POST',
      path: '/compute/scale',
      permission: 'compute:manage',
      tag,
      summary: 'How many workers a pool has at least and at most',
      body: scaleRequestShape,
      answer: computeStatusShape,
      handle: async ({ body: { pool, min, max } }) => {
        await compute.scale(pool, { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) });
        return compute.status();
      },
    }),
    route({
      method: 'POST',
      path: '/compute/profile',
      permission: 'compute:manage',
      tag,
      summary: 'Tune the scheduler for safe memory or for many tiny tasks; it is started again, and so is what runs',
      body: profileRequestShape,
      answer: computeStatusShape,
      handle: async ({ body }) => {
        await compute.setProfile(body.profile);
        return compute.status();
      },
    }),
    route({
      method: 'POST',
      path: '/compute/connect',
      permission: 'compute:connect',
      tag,
      summary: 'A certificate for a plain Dask client, good for some hours: whoever has it can run anything on every worker',
      answer: computeConnectionShape,
      handle: async ({ request, reply }) => {
        void reply.header('cache-control', 'no-store');
        return compute.connect(callerOf(request).name);
      },
    }),
    route({
      method: 'GET',
      path: '/compute/metrics/scheduler',
      permission: 'metrics:read',
      tag,
      summary: 'What Dask’s scheduler measures, in Prometheus’ text format',
      answer: z.string(),
      mediaTypes: ['text/plain'],
      handle: async ({ reply, signal }) => {
        const { text, contentType } = await compute.measure(signal);
        void reply.type(contentType);
        return text;
      },
    }),
    route({
      method: 'GET',
      path: '/compute/metrics/targets',
      permission: 'metrics:read',
      tag,
      summary: 'What there is to scrape of compute, for Prometheus’ discovery by HTTP',
      answer: targetsShape,
      handle: async ({ request }) => {
        const labels = { __scheme__: request.protocol, __metrics_path__: '/api/v1/compute/metrics/scheduler', part: 'scheduler' };
        return compute.dashboard() === undefined ? [] : [{ targets: [request.host], labels }];
      },
    }),
  ];
}
