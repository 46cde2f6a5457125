import { setImmediate as nextRound } from 'node:timers/promises';
import { type Config, configShape } from '@cluster-ai/contracts';
import { createManualClock, type Logger, silentLogger } from '@cluster-ai/runtime';
import { openMetrics } from '../../observability/metrics.ts';
import { createReconciler } from '../../reconciler/create-reconciler.ts';
import { createGateway, type GatewayDeps } from '../create-gateway.ts';
import type { InferenceAnswer, InferenceCall } from '../gateway.ts';
import { createMemoryNodes, type MemoryNodeOptions } from './memory-nodes.ts';
import { createMemoryRegistry, type MemoryModel } from './memory-registry.ts';

export interface StartOptions {
  readonly nodes?: readonly MemoryNodeOptions[];
  readonly models?: readonly MemoryModel[];
  readonly inference?: Partial<Config['inference']>;
  readonly configured?: readonly { readonly name: string; readonly replicas?: number }[];
  /** `registry.storage.cache_size`. */
  readonly cacheSize?: string;
  readonly log?: Logger;
  readonly quotas?: GatewayDeps['quotas'];
}

const DEADLINE_MS = 10_000;

/** Gateway and reconciler over memory nodes and a manual clock: everything but machines and the passing of time. */
export function startGateway({
  nodes = [{ id: 'a' }],
  models = [{ name: 'starter' }],
  inference = {},
  configured = [],
  cacheSize = '',
  log = silentLogger,
  quotas,
}: StartOptions = {}) {
  const clock = createManualClock();
  const memory = createMemoryNodes({ clock });
  const machines = nodes.map((node) => memory.add(node));
  const registry = createMemoryRegistry(models);
  const config = configShape.parse({ inference, cluster: { models: configured }, registry: { storage: { cache_size: cacheSize } } });
  const metrics = openMetrics({ nodes: memory.nodes });
  const stop = new AbortController();
  const reconciler = createReconciler({ nodes: memory.nodes, registry, clock, log: silentLogger, config });
  const gateway = createGateway({
    nodes: memory.nodes,
    registry,
    reconciler,
    config,
    clock,
    log,
    metrics,
    ...(quotas === undefined ? {} : { quotas }),
    random: () => 0.5,
  });
  const running = reconciler.run(stop.signal);

  /** Lets everything happen that needs no time to pass. */
  async function settle(): Promise<void> {
    for (let round = 0; round < 5; round++) {
      await clock.advance(0);
      await nextRound();
    }
  }
  async function until(claim: () => boolean): Promise<void> {
    const endAt = performance.now() + DEADLINE_MS;
    while (!claim()) {
      if (performance.now() > endAt) throw new Error('It did not come true in time.');
      await clock.advance(100);
      await nextRound();
    }
  }
  /** Lets time pass in small steps, so that what happens meanwhile can answer. */
  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 500) {
      await clock.advance(Math.min(500, ms - passed));
      await nextRound();
    }
    await settle();
  }
  const ask = (call: Partial<InferenceCall> = {}) =>
    gateway.serve({
      path: '/v1/chat/completions',
      model: 'starter',
      body: Buffer.from('{"messages":[]}'),
      requestId: 'request-1',
      signal: new AbortController().signal,
      ...call,
    });
  return {
    clock,
    gateway,
    registry,
    reconciler,
    metrics,
    memory,
    machines,
    ask,
    settle,
    until,
    pass,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

/** All bytes of an answer as text. */
export async function readAll({ body }: InferenceAnswer): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
