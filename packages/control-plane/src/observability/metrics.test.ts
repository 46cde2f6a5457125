import { createManualClock } from '@cluster-ai/runtime';
import { expect, test } from 'vitest';
import { createMemoryNodes, someUsage } from '../gateway/testing/memory-nodes.ts';
import { openMetrics } from './metrics.ts';

async function open() {
  const { nodes, add } = createMemoryNodes({ clock: createManualClock() });
  const metrics = openMetrics({ nodes });
  const lines = async () => (await metrics.render()).text.split('\n');
  return { nodes, add, metrics, lines };
}

test('the names that users know are there', async () => {
  const { metrics, add } = await open();
  add({ id: 'a', replicas: [{ replicaId: 'r', model: 'starter', loadMs: 1500, busySlots: 2 }] });
  const meter = metrics.forModel('starter');
  meter.asked(true);
  meter.asked(false);
  meter.began(0.2);
  meter.used(someUsage);
  meter.answered(1.5);
  meter.failed();
  const { text, contentType } = await metrics.render();
  expect(contentType).toContain('text/plain');
  const expected = [
    'cluster_active_workers 1',
    'cluster_total_tasks 2',
    'cluster_failed_tasks 1',
    'cluster_response_time_count 1',
    'worker_cpu_usage{node="a"} 0',
    'worker_memory_usage{node="a"} 0',
    'worker_active_tasks{node="a"} 2',
    'model_inference_time_sum{model="starter"} 1.5',
    'model_time_to_first_token_sum{model="starter"} 0.2',
    'model_tokens_generated{model="starter"} 20',
    'model_load_time{model="starter",node="a"} 1.5',
    'model_cache_hit_rate{model="starter"} 0.5',
    'process_resident_memory_bytes',
  ];
  for (const line of expected) expect(text).toContain(line);
});

test('a node without a GPU has no series of GPU memory', async () => {
  const { add, lines } = await open();
  add({ id: 'a' });
  expect((await lines()).filter((line) => line.startsWith('worker_gpu_memory'))).toEqual([]);
});

test('what a node keeps of weights is told in bytes, and nothing of a node that has not told', async () => {
  const { nodes, add } = createMemoryNodes({ clock: createManualClock() });
  add({ id: 'a' });
  add({ id: 'old' });
  const weights = { heldBytes: 7e9, limitBytes: 1e10, hits: 3, misses: 1, hitBytes: 15e9, missBytes: 5e9, evictions: 2, copies: [] };
  const list = () => nodes.list().map((node) => (node.name === 'a' ? { ...node, weights } : node));
  const lines = (await openMetrics({ nodes: { list } }).render()).text.split('\n');
  expect(lines.filter((line) => line.startsWith('worker_weights'))).toEqual([
    'worker_weights_bytes{node="a"} 7000000000',
    'worker_weights_limit_bytes{node="a"} 10000000000',
    'worker_weights_evictions{node="a"} 2',
    'worker_weights_hit_rate{node="a"} 0.75',
  ]);
});

test('the series of a node vanish with it', async () => {
  const { nodes, add, lines } = await open();
  add({ id: 'a', replicas: [{ replicaId: 'r' }] });
  add({ id: 'b' });
  await nodes.remove('a');
  const series = (await lines()).filter((line) => line.includes('node="'));
  expect(series.length).toBeGreaterThan(0);
  expect(series.filter((line) => line.includes('node="a"'))).toEqual([]);
});

test('requests are counted by the pattern of their route', async () => {
  const { metrics, lines } = await open();
  metrics.observeRequest({ method: 'GET', route: '/api/v1/models/:name', status: 200, seconds: 0.01 });
  expect(await lines()).toContain('http_request_duration_seconds_count{method="GET",route="/api/v1/models/:name",status="200"} 1');
});

test('requests under way are read when somebody looks', async () => {
  const { metrics, lines } = await open();
  metrics.watchGateway({ measure: () => ({ active: 3, queued: 2 }) });
  expect(await lines()).toEqual(expect.arrayContaining(['cluster_active_tasks 3', 'cluster_queue_length 2']));
});

test('attack 47: the series of models that the reader may not use are left out, also where a name looks like a label', async () => {
  const { metrics, add } = await open();
  const strange = 'a",model="starter';
  add({ id: 'a', replicas: [{ replicaId: 'r', model: 'secret-plan', loadMs: 1500 }] });
  for (const model of ['starter', 'secret-plan', strange]) metrics.forModel(model).answered(1);
  const models = ({ text }: { readonly text: string }) =>
    new Set(text.split('\n').flatMap((line) => /model=".*?"(?=[,}])/.exec(line) ?? []));
  const { text } = await metrics.render((model) => model === 'starter');
  expect(models({ text })).toEqual(new Set(['model="starter"']));
  expect(text).not.toMatch(/secret-plan|a\\"/);
  expect(text).toContain('cluster_response_time_count 3');
  expect(models(await metrics.render())).toContain('model="secret-plan"');
  expect((await metrics.render((model) => model === strange)).text).toContain(
    'model_inference_time_count{model="a\\",model=\\"starter"} 1',
  );
});
