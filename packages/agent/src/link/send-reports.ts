import type { ServerHttp2Stream } from 'node:http2';
import { isDeepStrictEqual } from 'node:util';
import type { AgentReport, NodeMetrics } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { LazyCompute } from '../dask/lazy-compute.ts';
import type { Hardware } from '../hardware/hardware.ts';
import type { Replicas } from '../replicas/replicas.ts';
import type { Weights } from '../weights/weights.ts';

const numbersEveryMs = 2000;

export interface ReportSources {
  readonly replicas: Replicas;
  readonly hardware: Hardware;
  readonly weights: Pick<Weights, 'report'>;
  /** Left out: this node takes no part in computing. */
  readonly compute?: LazyCompute | undefined;
  readonly incarnation: string;
  readonly version: string;
  readonly clock: Clock;
}

function measure({ hardware, replicas }: ReportSources): NodeMetrics {
  const tokensPerSecond = replicas.list().reduce((sum, replica) => sum + replica.tokensPerSecond, 0);
  return { ...hardware.metrics(), tokensPerSecond };
}

/** Everything about this node as a long answer. A reader that is too slow gets the newest state of each thing, not every step. */
export async function sendReports(stream: ServerHttp2Stream, sources: ReportSources, signal: AbortSignal): Promise<void> {
  const { replicas, hardware, weights, compute, incarnation, version, clock } = sources;
  const stale = new Set<string>();
  const closed = new AbortController();
  const over = AbortSignal.any([signal, closed.signal]);
  const write = (report: AgentReport) => stream.write(`${JSON.stringify(report)}\n`);
  const writeReplica = (replicaId: string) => {
    const replica = replicas.list().find((one) => one.replicaId === replicaId);
    write(replica ? { type: 'replica', replica } : { type: 'replica-gone', replicaId });
  };
  let toldWeights = weights.report();
  const writeWeights = () => {
    const now = weights.report();
    if (isDeepStrictEqual(now, toldWeights)) return;
    toldWeights = now;
    write({ type: 'weights', weights: now });
  };
  let toldWorker = compute?.report();
  const writeWorker = () => {
    const now = compute?.report();
    if (now === undefined || stream.writableNeedDrain || isDeepStrictEqual(now, toldWorker)) return;
    toldWorker = now;
    write({ type: 'worker', worker: now });
  };
  const flush = () => {
    writeWorker();
    for (const replicaId of stale) {
      if (stream.writableNeedDrain) return;
      stale.delete(replicaId);
      writeReplica(replicaId);
    }
  };

  stream.respond({ ':status': 200, 'content-type': 'application/x-ndjson' });
  write({
    type: 'snapshot',
    agentVersion: version,
    incarnation,
    hardware: hardware.facts,
    metrics: measure(sources),
    replicas: [...replicas.list()],
    weights: toldWeights,
    ...(toldWorker === undefined ? {} : { worker: toldWorker }),
  });
  const stopListeningToWorker = compute?.onChange(writeWorker);
  const stopListening = replicas.onChange((replicaId) => {
    stale.add(replicaId);
    flush();
  });
  stream.on('drain', flush);
  stream.once('close', () => closed.abort(new Error('The reader went away')));
  while (!over.aborted) {
    await clock.sleep(numbersEveryMs, over).catch(() => {});
    if (over.aborted || stream.writableNeedDrain) continue;
    write({ type: 'metrics', metrics: measure(sources) });
    writeWeights();
    writeWorker();
  }
  stopListening();
  stopListeningToWorker?.();
  if (signal.aborted && !stream.destroyed) {
    write({ type: 'goodbye' });
    stream.end();
  }
}
