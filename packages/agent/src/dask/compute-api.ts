import { agentPaths, ClusterError, probeRequestShape, workerSpecShape } from '@cluster-ai/contracts';
import { answerJson, type Exchange, readJson } from '@cluster-ai/runtime';
import { z } from 'zod';
import type { LazyCompute } from './lazy-compute.ts';

const listenPlaceShape = probeRequestShape.pick({ host: true }).extend({ port: z.int().min(0).max(65_535) });

async function readOrder<Order>({ stream }: Exchange, shape: z.ZodType<Order>): Promise<Order> {
  const order = shape.safeParse(await readJson(stream, 1024 * 1024));
  if (order.success) return order.data;
  const [issue] = order.error.issues;
  throw new ClusterError('invalid_request', `The order is not valid: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}.`);
}

/** What the control plane can ask of this node's part in the Dask cluster. `undefined`: that is no such request. */
export function answerCompute(exchange: Exchange, compute: LazyCompute, fence: () => number): Promise<void> | undefined {
  const { method, path, stream } = exchange;
  const put = async () => {
    const spec = await readOrder(exchange, workerSpecShape);
    answerJson(stream, 202, await (await compute.open()).putWorker(spec));
  };
  const retire = async () => {
    const report = compute.report() && (await (await compute.open()).retireWorker(fence()));
    if (report) answerJson(stream, 200, report);
    else answerJson(stream, 404, { error: { code: 'file_not_found', message: 'This node has no worker.' } });
  };
  const probe = async () => {
    const request = await readOrder(exchange, probeRequestShape);
    answerJson(stream, 200, await (await compute.open()).probe(request));
  };
  const listen = async () => {
    const place = await readOrder(exchange, listenPlaceShape);
    answerJson(stream, 200, await (await compute.open()).listen(place));
  };
  if (path === agentPaths.worker && method === 'PUT') return put();
  if (path === agentPaths.worker && method === 'DELETE') return retire();
  if (path === agentPaths.probe && method === 'POST') return probe();
  if (path === agentPaths.probeListener && method === 'POST') return listen();
  return undefined;
}
