import type { ComputeStatus, InferenceUsage, Node } from '@cluster-ai/contracts';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { watchCompute } from './compute-metrics.ts';

/** Counts what one model does. Its label children are resolved once, so that a request only adds numbers. */
export interface ModelMeter {
  /** A request came; `isLoaded`: a copy was ready for it. */
  asked(isLoaded: boolean): void;
  /** The first bytes of the answer went out. */
  began(seconds: number): void;
  /** The answer is complete. */
  answered(seconds: number): void;
  used(usage: InferenceUsage): void;
  failed(): void;
  /** An answer that broke off went on elsewhere. */
  continued(): void;
}

export interface GatewayNumbers {
  measure(): { readonly active: number; readonly queued: number };
}

/** What the cluster measures of itself, in Prometheus' form. */
export interface Metrics {
  forModel(reference: string): ModelMeter;
  /** One request of any listener was answered. `route` is the pattern, never the path itself. */
  observeRequest(request: { readonly method: string; readonly route: string; readonly status: number; readonly seconds: number }): void;
  /** Where the numbers of requests under way come from when somebody looks. */
  watchGateway(gateway: GatewayNumbers): void;
  /** The same for the Dask cluster. */
  watchCompute(status: () => ComputeStatus): void;
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** Seconds: from a token of a fast machine to a long answer of a slow one. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

function createModelMeters(registers: Registry[]) {
  const labelNames = ['model'] as const;
  const inferenceTime = new Histogram({
    name: 'model_inference_time',
    help: 'Seconds from request to complete answer.',
    labelNames,
    buckets,
    registers,
  });
  const firstToken = new Histogram({
    name: 'model_time_to_first_token',
    help: 'Seconds from request to the first bytes of its answer.',
    labelNames,
    buckets,
    registers,
  });
  const generated = new Counter({ name: 'model_tokens_generated', help: 'Tokens that were generated.', labelNames, registers });
  const prompt = new Counter({ name: 'model_prompt_tokens', help: 'Tokens of prompts.', labelNames, registers });
  const cached = new Counter({
    name: 'model_prompt_tokens_cached',
    help: 'Tokens of prompts that were still in an engine’s cache.',
    labelNames,
    registers,
  });
  const hitRate = new Gauge({
    name: 'model_cache_hit_rate',
    help: 'Share of requests, 0 to 1, that found the model loaded.',
    labelNames,
    registers,
  });
  const total = new Counter({ name: 'cluster_total_tasks', help: 'Inference requests that were accepted.', registers });
  const failed = new Counter({
    name: 'cluster_failed_tasks',
    help: 'Inference requests that failed, those that the caller cancelled not counted.',
    registers,
  });
  const continued = new Counter({
    name: 'cluster_continued_tasks',
    help: 'Times that an answer which broke off was continued by another copy of its model.',
    registers,
  });
  const response = new Histogram({
    name: 'cluster_response_time',
    help: 'Seconds from request to complete answer, over all models.',
    buckets,
    registers,
  });
  return (model: string): ModelMeter => {
    const children = {
      inferenceTime: inferenceTime.labels(model),
      firstToken: firstToken.labels(model),
      generated: generated.labels(model),
      prompt: prompt.labels(model),
      cached: cached.labels(model),
      hitRate: hitRate.labels(model),
    };
    let asked = 0;
    let found = 0;
    return {
      asked(isLoaded) {
        total.inc();
        asked += 1;
        if (isLoaded) found += 1;
        children.hitRate.set(found / asked);
      },
      began: (seconds) => children.firstToken.observe(seconds),
      answered(seconds) {
        children.inferenceTime.observe(seconds);
        response.observe(seconds);
      },
      used({ promptTokens, cachedTokens, completionTokens }) {
        children.generated.inc(completionTokens);
        children.prompt.inc(promptTokens);
        children.cached.inc(cachedTokens);
      },
      failed: () => failed.inc(),
      continued: () => continued.inc(),
    };
  };
}

type NodeGauge = Gauge<'node'>;

/** Of the nodes as they are when somebody looks: a node that is gone is not in it. */
function watchNodes(list: () => readonly Node[], registers: Registry[]): void {
  const isReady = ({ condition }: Node) => condition.state === 'ready';
  const perNode = (name: string, help: string, read: (node: Node) => number | undefined) =>
    new Gauge({
      name,
      help,
      labelNames: ['node'] as const,
      registers,
      collect() {
        const gauge = this as unknown as NodeGauge;
        gauge.reset();
        for (const node of list()) {
          const value = read(node);
          if (value !== undefined) gauge.set({ node: node.name }, value);
        }
      },
    });
  new Gauge({
    name: 'cluster_active_workers',
    help: 'Nodes that are ready.',
    registers,
    collect() {
      this.set(list().filter(isReady).length);
    },
  });
  perNode('worker_cpu_usage', 'Share of the node’s cores in use, 0 to 1.', ({ metrics }) => metrics?.cpuUtilization);
  perNode('worker_memory_usage', 'Bytes of memory in use on the node.', ({ metrics }) => metrics?.memoryUsedBytes);
  perNode('worker_gpu_memory', 'Bytes of GPU memory in use on the node.', ({ metrics }) =>
    metrics && metrics.gpus.length > 0 ? metrics.gpus.reduce((total, gpu) => total + gpu.memoryUsedBytes, 0) : undefined,
  );
  perNode('worker_active_tasks', 'Sequences that the node’s engines work on.', ({ replicas }) =>
    replicas.reduce((total, { busySlots }) => total + busySlots, 0),
  );
  perNode('worker_tokens_per_second', 'Tokens per second that the node generates.', ({ metrics }) => metrics?.tokensPerSecond);
  perNode('worker_weights_bytes', 'Bytes of fetched weights on the node’s disk.', ({ weights }) => weights?.heldBytes);
  perNode('worker_weights_limit_bytes', 'Bytes of weights that the node may keep.', ({ weights }) => weights?.limitBytes ?? undefined);
  perNode(
    'worker_weights_evictions',
    'Files of weights that made room for others since the node’s agent started.',
    ({ weights }) => weights?.evictions,
  );
  perNode('worker_weights_hit_rate', 'Share of the bytes that replicas needed, 0 to 1, which lay on the node already.', ({ weights }) =>
    weights && weights.hitBytes + weights.missBytes > 0 ? weights.hitBytes / (weights.hitBytes + weights.missBytes) : undefined,
  );
  new Gauge({
    name: 'model_load_time',
    help: 'Seconds that the running copies took to load.',
    labelNames: ['model', 'node'] as const,
    registers,
    collect() {
      this.reset();
      for (const node of list())
        for (const { model, loadMs } of node.replicas) if (loadMs !== null) this.set({ model, node: node.name }, loadMs / 1000);
    },
  });
}

export function openMetrics({ nodes }: { readonly nodes: { list(): readonly Node[] } }): Metrics {
  const registry = new Registry();
  const registers = [registry];
  // the usual 10 ms wake the process a hundred times a second for ever: half of what it costs at rest
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  watchNodes(() => nodes.list(), registers);
  const createMeter = createModelMeters(registers);
  const meters = new Map<string, ModelMeter>();
  const requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Seconds to answer a request, by route.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets,
    registers,
  });
  let gateway: GatewayNumbers | undefined;
  new Gauge({
    name: 'cluster_active_tasks',
    help: 'Inference requests under way.',
    registers,
    collect() {
      this.set(gateway?.measure().active ?? 0);
    },
  });
  new Gauge({
    name: 'cluster_queue_length',
    help: 'Inference requests that wait for a model or for a free slot.',
    registers,
    collect() {
      this.set(gateway?.measure().queued ?? 0);
    },
  });
  return {
    forModel(reference) {
      const known = meters.get(reference);
      if (known) return known;
      const meter = createMeter(reference);
      meters.set(reference, meter);
      return meter;
    },
    observeRequest: ({ method, route, status, seconds }) => requests.observe({ method, route, status: String(status) }, seconds),
    watchGateway(watched) {
      gateway = watched;
    },
    watchCompute: (status) => watchCompute(status, registers),
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}
