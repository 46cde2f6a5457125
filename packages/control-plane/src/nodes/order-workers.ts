import { agentPaths, type ProbeAnswer, probeAnswerShape, toCondition, type WorkerReport, workerReportShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import type { LiveNode } from './live-node.ts';
import type { LinkRequest, LinkResponse, WorkerOrders } from './nodes.ts';
import { readAnswer } from './read-answer.ts';

const listenAnswerShape = z.object({ host: z.string().max(255), port: z.int().min(1).max(65_535) });

export interface WorkerOrdersDeps {
  readonly getLive: (nodeId: string) => LiveNode;
  readonly request: (nodeId: string, wish: LinkRequest) => Promise<LinkResponse>;
  readonly share: (digest: string) => Disposable;
  readonly signal: AbortSignal;
}

/** Files that tasks need, as often as somebody needs each. */
export interface SharedBlobs {
  share(digest: string): Disposable;
  has(digest: string): boolean;
}

export function createSharedBlobs(): SharedBlobs {
  const users = new Map<string, number>();
  return {
    has: (digest) => users.has(digest),
    share(digest) {
      users.set(digest, (users.get(digest) ?? 0) + 1);
      let isShared = true;
      return {
        [Symbol.dispose]() {
          if (!isShared) return;
          isShared = false;
          const left = (users.get(digest) ?? 0) - 1;
          if (left > 0) users.set(digest, left);
          else users.delete(digest);
        },
      };
    },
  };
}

/** What a lost node said last about its worker is no longer true of it. */
export function toWorkerReport({ worker, condition }: LiveNode): WorkerReport | undefined {
  if (worker === null || condition.state !== 'unreachable') return worker ?? undefined;
  return { ...worker, condition: toCondition('unreachable', 'node_lost', Date.parse(condition.since)), progress: null };
}

/** Orders for the Dask workers of nodes, over the link of each: an order reaches the node that it names and no other. */
export function createWorkerOrders({ getLive, request, share, signal }: WorkerOrdersDeps): WorkerOrders {
  const send = async (nodeId: string, method: LinkRequest['method'], path: string, body?: object) => {
    const wish = { method, path, signal, ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }) };
    return request(nodeId, wish);
  };
  return {
    shareWithWorkers: share,
    worker: (nodeId) => toWorkerReport(getLive(nodeId)),
    async orderWorker(nodeId, spec) {
      const node = getLive(nodeId);
      node.hasWorker = true; // before it is told: it may ask for files at once
      return workerReportShape.parse(await readAnswer(await send(nodeId, 'PUT', agentPaths.worker, spec)));
    },
    async retireWorker(nodeId, fence) {
      const node = getLive(nodeId);
      const answer = await send(nodeId, 'DELETE', `${agentPaths.worker}?fence=${fence}`);
      const report = answer.status === 404 ? void answer.body.destroy() : workerReportShape.parse(await readAnswer(answer));
      node.retiredFence = Math.max(node.retiredFence, fence);
      if (node.worker !== null && node.worker.fence <= fence) {
        node.worker = null;
        node.hasWorker = false;
      }
      return report;
    },
    async probe(nodeId, wish): Promise<ProbeAnswer> {
      return probeAnswerShape.parse(await readAnswer(await send(nodeId, 'POST', agentPaths.probe, wish)));
    },
    async listenForProbe(nodeId, place) {
      return listenAnswerShape.parse(await readAnswer(await send(nodeId, 'POST', agentPaths.probeListener, place)));
    },
  };
}
