import { setImmediate as nextRound } from 'node:timers/promises';
import { ClusterError, type Condition, type ErrorCode, toCondition } from '@cluster-ai/contracts';
import { expect, test } from 'vitest';
import type { AnswerScript } from './testing/memory-nodes.ts';
import { someUsage } from './testing/memory-nodes.ts';
import { readAll, startGateway } from './testing/start-gateway.ts';

const ready = { replicaId: 'replica-1', model: 'starter' };
const twoReady = [
  { id: 'a', replicas: [{ replicaId: 'on-a' }] },
  { id: 'b', replicas: [{ replicaId: 'on-b' }] },
];
const twice = [{ name: 'starter', replicas: 2 }];
const bytes = (text: string) => new TextEncoder().encode(text);

/** Fails the first request that any of the nodes gets, in one way, and answers all others. */
function failFirst(cluster: ReturnType<typeof startGateway>, code: ErrorCode): void {
  let isFirst = true;
  const script: AnswerScript = (_request, { replicaId }) => {
    if (!isFirst) return { body: [bytes(`from ${replicaId}`)], usage: someUsage };
    isFirst = false;
    throw new ClusterError(code, 'It failed.');
  };
  for (const machine of cluster.machines) machine.onRequest = script;
}

async function* endless(onEnd: () => void): AsyncIterable<Uint8Array> {
  try {
    for (;;) {
      yield bytes('token ');
      await nextRound();
    }
  } finally {
    onEnd();
  }
}

// --- one request

test('a request goes to a ready replica, its bytes untouched both ways', async () => {
  await using cluster = startGateway({ nodes: [{ id: 'a', replicas: [ready] }] });
  const answer = await cluster.ask({ body: Buffer.from('{"any": "bytes"}') });
  expect(await readAll(answer)).toBe('hello');
  expect(answer).toMatchObject({ status: 200, replicaId: 'replica-1', node: { id: 'a', name: 'a' }, model: { reference: 'starter' } });
  const [request] = cluster.machines[0]?.requests ?? [];
  const headers = { 'x-cluster-model': 'starter', 'x-cluster-request-id': 'request-1' };
  expect(request).toMatchObject({ path: '/replicas/replica-1/v1/chat/completions', headers });
  expect(Buffer.from(request?.body ?? []).toString()).toBe('{"any": "bytes"}');
});

test('the usage comes from the trailers', async () => {
  await using cluster = startGateway({ nodes: [{ id: 'a', replicas: [ready] }] });
  const answer = await cluster.ask();
  await readAll(answer);
  expect(await answer.usage).toMatchObject({ promptTokens: 10, completionTokens: 20 });
});

test('a request that names no model gets the only one, else the starter, else the configured one', async () => {
  const models = [{ name: 'starter' }, { name: 'other' }];
  await using cluster = startGateway({ models, nodes: [{ id: 'a', replicas: [ready] }] });
  expect((await cluster.ask({ model: '' })).model.name).toBe('starter');
  await using configured = startGateway({ models, inference: { defaultModel: 'other' } });
  const asked = configured.ask({ model: '' });
  await configured.until(() => configured.gateway.running().length === 1);
  expect((await asked).model.name).toBe('other');
  await using open = startGateway({ models: [{ name: 'x' }, { name: 'y' }] });
  await expect(open.ask({ model: '' })).rejects.toMatchObject({ code: 'model_not_found', hint: 'Name one of: x, y.' });
});

test('a format that no engine serves is refused with the formats that are', async () => {
  const models = [{ name: 'photo', facts: { format: 'onnx' as const }, mediaType: 'application/octet-stream', path: 'model.onnx' }];
  await using cluster = startGateway({ models });
  await expect(cluster.ask({ model: 'photo' })).rejects.toMatchObject({
    code: 'unsupported_feature',
    hint: expect.stringContaining('GGUF'),
  });
});

test('what the engine refuses reaches the caller with its own code, and is not tried again', async () => {
  await using cluster = startGateway({ nodes: twoReady, configured: twice });
  failFirst(cluster, 'context_length_exceeded');
  await expect(cluster.ask()).rejects.toMatchObject({ code: 'context_length_exceeded', message: 'It failed.' });
  expect(cluster.machines.flatMap(({ requests }) => requests)).toHaveLength(1);
  expect(cluster.gateway.measure().active).toBe(0);
  expect(cluster.reconciler.inFlight.size).toBe(0);
});

// --- before the first byte, and after it

test.each(['engine_crashed', 'node_lost', 'node_unreachable', 'model_loading'] as const)(
  'before the first byte %s is tried again elsewhere',
  async (code) => {
    await using cluster = startGateway({ nodes: twoReady, configured: twice });
    failFirst(cluster, code);
    const answer = await cluster.ask();
    const [failed] = cluster.machines.filter(({ requests }) => requests.length === 1);
    expect(await readAll(answer)).toBe(`from ${answer.replicaId}`);
    expect(cluster.machines.map(({ requests }) => requests.length)).toEqual([1, 1]);
    expect(failed).toBeDefined();
  },
);

test('a stream that breaks before its first byte is tried again elsewhere', async () => {
  await using cluster = startGateway({ nodes: twoReady, configured: twice });
  let isFirst = true;
  const script: AnswerScript = () => {
    if (!isFirst) return { body: [bytes('whole')] };
    isFirst = false;
    return {
      // biome-ignore lint/correctness/useYield: it breaks before it yields
      body: (async function* () {
        throw new ClusterError('engine_crashed', 'Gone.');
      })(),
    };
  };
  for (const machine of cluster.machines) machine.onRequest = script;
  expect(await readAll(await cluster.ask())).toBe('whole');
});

test('the only replica is asked again once it was started anew', async () => {
  await using cluster = startGateway({ nodes: [{ id: 'a', replicas: [ready] }] });
  failFirst(cluster, 'engine_crashed');
  const asked = cluster.ask();
  await cluster.settle();
  expect(cluster.machines[0]?.requests).toHaveLength(1);
  cluster.machines[0]?.report({ replicaId: 'replica-1', condition: toCondition('starting', 'engine_crashed', cluster.clock.now()) });
  await cluster.pass(3000);
  expect(cluster.machines[0]?.requests).toHaveLength(1);
  cluster.machines[0]?.report({ replicaId: 'replica-1', condition: toCondition('ready', 'serving', cluster.clock.now()) });
  expect(await readAll(await asked)).toBe('from replica-1');
});

test('after two more tries the failure reaches the caller', async () => {
  const nodes = ['a', 'b', 'c', 'd'].map((id) => ({ id, replicas: [{ replicaId: `on-${id}` }] }));
  await using cluster = startGateway({ nodes, configured: [{ name: 'starter', replicas: 4 }] });
  for (const machine of cluster.machines)
    machine.onRequest = () => {
      throw new ClusterError('engine_crashed', 'It failed.');
    };
  await expect(cluster.ask()).rejects.toMatchObject({ code: 'engine_crashed' });
  expect(cluster.machines.flatMap(({ requests }) => requests)).toHaveLength(3);
});

test('when everything fails, retries stay a fifth of the requests', async () => {
  const nodes = ['a', 'b', 'c', 'd'].map((id) => ({ id, replicas: [{ replicaId: `on-${id}` }] }));
  await using cluster = startGateway({ nodes, configured: [{ name: 'starter', replicas: 4 }] });
  for (const machine of cluster.machines)
    machine.onRequest = () => {
      throw new ClusterError('engine_crashed', 'It failed.');
    };
  for (let count = 0; count < 200; count++) await cluster.ask().catch(() => {});
  const tries = cluster.machines.flatMap(({ requests }) => requests).length;
  expect(tries).toBeLessThanOrEqual(200 + 200 * 0.2 + 10);
  expect(tries).toBeGreaterThan(200);
});

test('a stream that breaks after its first byte ends with an error and is not sent again', async () => {
  await using cluster = startGateway({ nodes: twoReady, configured: twice });
  for (const machine of cluster.machines)
    machine.onRequest = () => ({
      body: (async function* () {
        yield bytes('half of the ');
        throw new ClusterError('engine_crashed', 'The engine broke off its answer.');
      })(),
    });
  const answer = await cluster.ask();
  await expect(readAll(answer)).rejects.toMatchObject({ code: 'engine_crashed' });
  expect(await answer.usage).toBeUndefined();
  expect(cluster.machines.flatMap(({ requests }) => requests)).toHaveLength(1);
  expect(cluster.gateway.measure().active).toBe(0);
});

test('a stranger’s error in the stream reads as a lost node', async () => {
  await using cluster = startGateway({ nodes: [{ id: 'a', replicas: [ready] }] });
  for (const machine of cluster.machines)
    machine.onRequest = () => ({
      body: (async function* () {
        yield bytes('half');
        throw new Error('ECONNRESET of some library');
      })(),
    });
  await expect(readAll(await cluster.ask())).rejects.toMatchObject({ code: 'node_lost' });
});

// --- the caller goes away, the engine says nothing

test('a caller who goes away ends the work at once', async () => {
  await using cluster = startGateway({ nodes: [{ id: 'a', replicas: [ready] }] });
  const ended = Promise.withResolvers<void>();
  for (const machine of cluster.machines) machine.onRequest = () => ({ body: endless(ended.resolve) });
  const caller = new AbortController();
  const answer = await cluster.ask({ signal: caller.signal });
  caller.abort();
  await ended.promise;
  expect(cluster.machines[0]?.requests[0]?.signal.aborted).toBe(true);
  await cluster.until(() => cluster.gateway.measure().active === 0);
  expect(answer.body.errored).toMatchObject({ code: 'cancelled' });
});

test('a door that destroys the body ends the work as well', async () => {
  await using cluster = startGateway({ nodes: [{ id: 'a', replicas: [ready] }] });
  const ended = Promise.withResolvers<void>();
  for (const machine of cluster.machines) machine.onRequest = () => ({ body: endless(ended.resolve) });
  const { body } = await cluster.ask();
  body.destroy();
  await ended.promise;
  await cluster.until(() => cluster.gateway.measure().active === 0);
});

test('a caller who goes away while the model loads leaves nothing behind', async () => {
  await using cluster = startGateway();
  for (const machine of cluster.machines) machine.onLoad = () => undefined;
  const caller = new AbortController();
  const asked = cluster.ask({ signal: caller.signal });
  asked.catch(() => {});
  await cluster.pass(1000);
  caller.abort();
  await expect(asked).rejects.toMatchObject({ code: 'cancelled' });
  expect(cluster.gateway.measure()).toMatchObject({ active: 0, queued: 0 });
});

test('an engine that does not begin to answer is given up in time', async () => {
  await using cluster = startGateway({ nodes: [{ id: 'a', replicas: [ready] }], inference: { firstTokenTimeoutSeconds: 10 } });
  for (const machine of cluster.machines)
    machine.onRequest = ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new ClusterError('node_lost', 'Reset.')), { once: true }));
  const asked = cluster.ask();
  asked.catch(() => {});
  await cluster.pass(12_000);
  await expect(asked).rejects.toMatchObject({ code: 'engine_timeout' });
});

// --- loading

test('two requests for a model that nobody runs start one replica, and are told why they wait', async () => {
  await using cluster = startGateway({ nodes: [{ id: 'a' }, { id: 'b' }] });
  const told: Condition[] = [];
  const asked = [cluster.ask({ onWaiting: (condition) => told.push(condition) }), cluster.ask()];
  while (cluster.gateway.measure().active < 2) await Promise.resolve();
  expect(cluster.gateway.measure()).toMatchObject({ active: 2, queued: 2 });
  await cluster.until(() => cluster.gateway.running().length === 1);
  for (const answer of await Promise.all(asked)) expect(await readAll(answer)).toBe('hello');
  expect(cluster.machines.flatMap(({ started }) => started)).toHaveLength(1);
  expect(told[0]).toMatchObject({ state: 'starting', reason: 'queued_for_start' });
});

test('the reason of a failed load reaches whoever waits for it, and the next ones at once', async () => {
  await using cluster = startGateway();
  for (const machine of cluster.machines)
    machine.onLoad = () =>
      toCondition('failed', 'invalid_model_file', cluster.clock.now(), { message: 'Tensor 7 lies outside of the file.' });
  const asked = cluster.ask();
  asked.catch(() => {});
  await cluster.pass(500);
  const failure = { code: 'model_failed', message: 'starter could not be loaded: Tensor 7 lies outside of the file.' };
  await expect(asked).rejects.toMatchObject({ ...failure, details: { state: 'failed', reason: 'invalid_model_file' } });
  await expect(cluster.ask()).rejects.toMatchObject(failure);
  expect(cluster.machines[0]?.started).toHaveLength(1);
  expect(cluster.gateway.conditionOf(await cluster.registry.resolve('starter'))).toMatchObject({
    state: 'failed',
    reason: 'invalid_model_file',
  });
});

test('a model that fits nowhere is refused with what each node lacks', async () => {
  const nodes = [
    { id: 'a', memoryBytes: 2_900_000_000 },
    { id: 'b', memoryBytes: 1_000_000_000 },
  ];
  await using cluster = startGateway({ nodes, models: [{ name: 'huge', sizeBytes: 4_000_000_000 }] });
  const asked = cluster.ask({ model: 'huge' });
  asked.catch(() => {});
  await cluster.pass(200);
  await expect(asked).rejects.toMatchObject({
    code: 'not_enough_memory',
    message: expect.stringContaining('Node a: needs 4.5 GB, 2.9 GB free. Node b: needs 4.5 GB, 1.0 GB free.'),
  });
});

test('without any node the caller hears so after a short wait', async () => {
  await using cluster = startGateway({ nodes: [] });
  const asked = cluster.ask();
  asked.catch(() => {});
  await cluster.pass(8000);
  await expect(asked).rejects.toMatchObject({ code: 'no_ready_node' });
});

test('whoever waited long enough is told how far it is, and the load goes on', async () => {
  await using cluster = startGateway({ inference: { loadTimeoutSeconds: 20 } });
  for (const machine of cluster.machines) machine.onLoad = () => undefined;
  const asked = cluster.ask();
  asked.catch(() => {});
  await cluster.pass(10_000);
  const [{ replicaId } = { replicaId: '' }] = cluster.machines[0]?.replicas() ?? [];
  cluster.machines[0]?.report({ replicaId, progress: 0.4, condition: toCondition('starting', 'loading_model', cluster.clock.now()) });
  await cluster.pass(11_000);
  const details = { state: 'starting', reason: 'loading_model', node: 'a', progress: 0.4 };
  await expect(asked).rejects.toMatchObject({ code: 'model_loading', details, retryAfterSeconds: 5 });
  expect(cluster.machines[0]?.stopped).toEqual([]);
});

test('more than the queue holds are refused', async () => {
  await using cluster = startGateway({ inference: { maxQueue: 3 } });
  for (const machine of cluster.machines) machine.onLoad = () => undefined;
  const waiting = [1, 2, 3].map(() => cluster.ask());
  await expect(cluster.ask()).rejects.toMatchObject({ code: 'overloaded', status: 503, details: { queued: 3 } });
  await cluster.pass(1000);
  const [{ replicaId } = { replicaId: '' }] = cluster.machines[0]?.replicas() ?? [];
  cluster.machines[0]?.report({ replicaId, condition: toCondition('ready', 'serving', cluster.clock.now()) });
  for (const answer of await Promise.all(waiting)) expect(await readAll(answer)).toBe('hello');
});

// --- staying loaded

test('the keep-alive begins when the last request is done, and ends with the model asleep', async () => {
  await using cluster = startGateway({ inference: { keepAliveSeconds: 300 } });
  const [machine] = cluster.machines;
  const release = Promise.withResolvers<void>();
  if (machine)
    machine.onRequest = () => ({
      body: (async function* () {
        yield bytes('slow');
        await release.promise;
      })(),
    });
  const asked = cluster.ask({ keepAliveSeconds: 60 });
  await cluster.until(() => cluster.gateway.running().length === 1);
  const answer = await asked;
  await cluster.pass(600_000);
  expect(cluster.gateway.running()).toHaveLength(1);
  release.resolve();
  await readAll(answer);
  expect(cluster.gateway.running()).toMatchObject([{ expiresAtMs: cluster.clock.now() + 60_000 }]);
  await cluster.pass(59_000);
  expect(machine?.stopped).toHaveLength(0);
  await cluster.pass(2000);
  expect(machine?.stopped).toHaveLength(1);
  expect(cluster.gateway.conditionOf(await cluster.registry.resolve('starter'))).toMatchObject({ state: 'asleep', reason: 'idle_timeout' });
});

test('a keep-alive of 0 unloads when idle, one of -1 never', async () => {
  await using cluster = startGateway();
  const first = cluster.ask({ keepAliveSeconds: -1 });
  await cluster.until(() => cluster.gateway.running().length === 1);
  await readAll(await first);
  await cluster.pass(10_000_000);
  expect(cluster.gateway.running()).toMatchObject([{ expiresAtMs: undefined }]);
  await readAll(await cluster.ask({ keepAliveSeconds: 0 }));
  await cluster.until(() => cluster.gateway.running().length === 0);
});

test('load keeps a model ready, unload ends it', async () => {
  await using cluster = startGateway();
  const loading = cluster.gateway.load('starter', {
    keepAliveSeconds: -1,
    engineOptions: { contextSize: 512 },
    signal: new AbortController().signal,
  });
  await cluster.until(() => cluster.gateway.running().length === 1);
  expect(await loading).toMatchObject({ nodeName: 'a', model: { reference: 'starter' } });
  expect(cluster.machines[0]?.started[0]?.options).toMatchObject({ contextSize: 512 });
  await cluster.gateway.unload('starter');
  expect(cluster.gateway.running()).toEqual([]);
  expect(cluster.gateway.conditionOf(await cluster.registry.resolve('starter'))).toMatchObject({
    state: 'asleep',
    reason: 'stopped_by_request',
  });
  await cluster.gateway.unload('starter');
});

test.each([
  { what: 'one that we started', nodes: [{ id: 'a' }] },
  { what: 'one that ran before we did', nodes: [{ id: 'a', replicas: [ready] }] },
])('a busy copy that is unloaded finishes its answer and goes: $what', async ({ nodes }) => {
  await using cluster = startGateway({ nodes });
  const [machine] = cluster.machines;
  const release = Promise.withResolvers<void>();
  if (machine)
    machine.onRequest = () => ({
      body: (async function* () {
        yield bytes('half and ');
        await release.promise;
        yield bytes('half');
      })(),
    });
  const asked = cluster.ask({ keepAliveSeconds: -1 });
  await cluster.until(() => machine?.requests.length === 1);
  await cluster.gateway.unload('starter');
  await cluster.pass(5000);
  expect(machine?.stopped).toEqual([]);
  release.resolve();
  expect(await readAll(await asked)).toBe('half and half');
  await cluster.pass(3000);
  expect(machine?.stopped).toHaveLength(1);
});

test('whoever waits for a model that somebody else unloads still gets an answer', async () => {
  await using cluster = startGateway();
  const [machine] = cluster.machines;
  if (machine) machine.onLoad = () => undefined;
  const asked = cluster.ask();
  await cluster.until(() => machine?.started.length === 1);
  if (machine) machine.onLoad = () => toCondition('ready', 'serving', cluster.clock.now());
  const unloaded = cluster.gateway.unload('starter');
  await cluster.pass(5000);
  await unloaded;
  expect(await readAll(await asked)).toBe('hello');
  expect(machine?.started).toHaveLength(2);
});

test('a load that somebody else ends by unloading says so', async () => {
  await using cluster = startGateway();
  for (const machine of cluster.machines) machine.onLoad = () => undefined;
  const loading = cluster.gateway.load('starter', { signal: new AbortController().signal });
  loading.catch(() => {});
  await cluster.until(() => cluster.machines[0]?.started.length === 1);
  const unloaded = cluster.gateway.unload('starter');
  await cluster.pass(1000);
  await unloaded;
  await expect(loading).rejects.toMatchObject({ code: 'conflict' });
});

test('a model that is configured to stay loaded cannot be unloaded', async () => {
  await using cluster = startGateway({ configured: [{ name: 'starter' }] });
  await cluster.until(() => cluster.gateway.running().length === 1);
  await expect(cluster.gateway.unload('starter')).rejects.toMatchObject({ code: 'in_use' });
});

test('a model that nobody asked for is asleep, one that answers is ready, one on a late node degraded', async () => {
  await using cluster = startGateway();
  const model = await cluster.registry.resolve('starter');
  expect(cluster.gateway.conditionOf(model)).toMatchObject({ state: 'asleep', reason: 'not_loaded' });
  const asked = cluster.ask();
  await cluster.until(() => cluster.gateway.running().length === 1);
  await asked;
  expect(cluster.gateway.conditionOf(model)).toMatchObject({ state: 'ready', reason: 'serving' });
  cluster.machines[0]?.setState('degraded', 'heartbeat_late');
  expect(cluster.gateway.conditionOf(model)).toMatchObject({ state: 'degraded', reason: 'heartbeat_late' });
});

// --- unequal machines

test('a fast machine gets most of the chats, and a slow one its share once the fast one is full', async () => {
  await using cluster = startGateway({ nodes: twoReady, configured: twice });
  const open: (() => void)[] = [];
  const speedOf = (generationMs: number): AnswerScript => {
    return () => ({
      body: (async function* () {
        yield bytes('x');
        await new Promise<void>((resolve) => open.push(resolve));
      })(),
      usage: { ...someUsage, generationMs },
    });
  };
  const [fast, slow] = cluster.machines;
  if (fast) fast.onRequest = speedOf(200);
  if (slow) slow.onRequest = speedOf(2000);
  const askMany = async (count: number) => {
    const answers = await Promise.all(Array.from({ length: count }, () => cluster.ask()));
    const on = answers.map(({ node }) => node.id);
    const read = Promise.all(answers.map(readAll));
    await cluster.until(() => open.length === count);
    for (const end of open.splice(0)) end();
    await read;
    await Promise.all(answers.map(({ usage }) => usage));
    return on.filter((id) => id === 'a').length;
  };
  await askMany(8); // both are measured
  expect(await askMany(4)).toBe(4);
  expect(await askMany(60)).toBeGreaterThan(40);
  expect(await askMany(60)).toBeLessThan(60);
});

test('the configuration chooses the policy', async () => {
  await using cluster = startGateway({ nodes: twoReady, configured: twice, inference: { policy: 'round_robin' } });
  const nodes: string[] = [];
  for (let count = 0; count < 4; count++) {
    const answer = await cluster.ask();
    await readAll(answer);
    nodes.push(answer.node.id);
  }
  expect(nodes).toEqual(['a', 'b', 'a', 'b']);
});

// --- quotas

const someCaller = {
  kind: 'key',
  id: 'k',
  ownerId: 'p',
  name: 'ci',
  role: null,
  permissions: new Set<never>(),
  models: undefined,
  quotas: [{ subject: 'k', name: 'ci', limits: {} }],
} as const;

function createCountingQuotas(most = Number.POSITIVE_INFINITY) {
  const counted = { requests: 0, tokens: 0 };
  const quotas = {
    begin() {
      if (counted.requests >= most) throw new ClusterError('quota_exceeded', 'No more.');
      counted.requests++;
    },
    charge(_caller: unknown, tokens: number) {
      counted.tokens += tokens;
    },
  };
  return { counted, quotas };
}

test('a request is counted, its answer is charged, and one above the limit wakes no model', async () => {
  const { counted, quotas } = createCountingQuotas(1);
  await using cluster = startGateway({ quotas, nodes: [{ id: 'a', replicas: [ready] }] });
  await readAll(await cluster.ask({ caller: someCaller }));
  await cluster.settle();
  expect(counted).toEqual({ requests: 1, tokens: 30 });
  await expect(cluster.ask({ caller: someCaller })).rejects.toMatchObject({ code: 'quota_exceeded' });
  expect(cluster.machines[0]?.requests).toHaveLength(1);
  await readAll(await cluster.ask()); // the cluster's own are nobody's
  expect(counted.requests).toBe(1);
});

test('who leaves before the end is charged with what was asked and what came', async () => {
  const { counted, quotas } = createCountingQuotas();
  await using cluster = startGateway({ quotas, nodes: [{ id: 'a', replicas: [ready] }] });
  async function* events() {
    for (let i = 0; i < 7; i++) yield bytes(`data: {"n":${i}}\n\n`);
    await new Promise(() => {}); // the rest never comes
  }
  for (const machine of cluster.machines) machine.onRequest = () => ({ contentType: 'text/event-stream', body: events() });
  const { body } = await cluster.ask({ caller: someCaller, body: Buffer.alloc(400) });
  body.resume();
  await cluster.until(() => (body as { readonly record?: { readonly events: number } }).record?.events === 7);
  body.destroy();
  await cluster.until(() => cluster.gateway.measure().active === 0);
  expect(counted.tokens).toBe(107); // a quarter of a token for each byte, and one for each event
});

test('what breaks on our side is not charged', async () => {
  const { counted, quotas } = createCountingQuotas();
  await using cluster = startGateway({ quotas, nodes: [{ id: 'a', replicas: [ready] }] });
  async function* broken() {
    yield bytes('half');
    throw new ClusterError('engine_error', 'It broke.');
  }
  for (const machine of cluster.machines) machine.onRequest = () => ({ body: broken() });
  await readAll(await cluster.ask({ caller: someCaller })).catch(() => {});
  await cluster.until(() => cluster.gateway.measure().active === 0);
  expect(counted).toEqual({ requests: 1, tokens: 0 });
});
