import { once } from 'node:events';
import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Clock, systemClock } from '@cluster-ai/runtime';
import { expect, test } from 'vitest';
import { createFetchBlob } from '../../packages/agent/src/link/blob-client.ts';
import type { LinkResponse } from '../../packages/control-plane/src/nodes/nodes.ts';
import { isState, makeTestFolder, openTestAgent, openTestControlPlane, testSpec, until } from './fixtures/link-parts.ts';
import { type EngineScript, openSocketEngine } from './fixtures/socket-engine.ts';
import { startAgent } from './fixtures/start-agent.ts';

const never = new AbortController().signal;
const invitation = { name: '', ttlSeconds: 600, listenHost: '127.0.0.1' };
const hourMs = 3_600_000;
const CANCELS = process.env['CLUSTER_AI_LONG_TESTS'] === '1' ? 10_000 : 2000;

/** One control plane, one agent that joined, one replica behind a scripted engine. */
async function openPair(clocks: { readonly control?: Clock; readonly agent?: Clock } = {}) {
  const stack = new AsyncDisposableStack();
  const folder = makeTestFolder();
  stack.defer(() => folder[Symbol.dispose]());
  const engine = stack.use(await openSocketEngine(join(folder.run, 'engine.sock')));
  const control = stack.use(await openTestControlPlane(clocks.control ? { clock: clocks.control } : {}));
  const { address, token } = await control.nodes.invite(invitation);
  const clock = clocks.agent ?? systemClock;
  const agent = stack.use(await openTestAgent({ address, token, socketPath: engine.socketPath, folder, clock }));
  const id = agent.link.nodeId;
  await until(isState(control.nodes, id, 'ready'), 'the node to be ready');
  await control.nodes.putReplica(id, testSpec());
  const ask = (script: EngineScript, signal = never): Promise<LinkResponse> =>
    control.nodes.request(id, {
      method: 'POST',
      path: '/replicas/replica_1/v1/chat/completions',
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(script)),
      signal,
    });
  return { control, agent, engine, id, ask, folder, address, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** What became of an answer: its bytes, or the code of its failure. */
async function readOut({ body }: LinkResponse): Promise<{ readonly bytes: number; readonly code?: string }> {
  let bytes = 0;
  try {
    for await (const chunk of body) bytes += (chunk as Buffer).length;
    return { bytes };
  } catch (error) {
    return { bytes, code: (error as { code: string }).code };
  }
}

test('a machine joins with a token, connects and reports itself', async () => {
  await using pair = await openPair();
  const node = pair.control.nodes.get(pair.id);
  expect(node).toMatchObject({
    name: 'machine',
    isLocal: false,
    condition: { state: 'ready', reason: 'serving' },
    hardware: { cpuCores: 2 },
    weights: { heldBytes: 0, copies: [] },
  });
  await until(() => pair.control.nodes.get(pair.id).replicas.length === 1, 'the report of the replica');
  expect(pair.control.events.since(0)?.map(({ event }) => event.type)).toEqual(
    expect.arrayContaining(['node.changed', 'node.measured', 'replica.changed']),
  );
});

test('an answer streams through the link with its trailers', async () => {
  await using pair = await openPair();
  const answer = await pair.ask({ chunks: 5, chunkBytes: 3 });
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('text/event-stream');
  expect(await text(answer.body)).toBe('aaabbbcccdddeee');
  expect(await answer.trailers).toEqual({ 'x-cluster-usage': '{"completionTokens":5}' });
});

test('orders carry a fence: an older one is refused', async () => {
  await using pair = await openPair();
  const { nodes } = pair.control;
  await nodes.putReplica(pair.id, testSpec('replica_2', 5));
  await expect(nodes.putReplica(pair.id, testSpec('replica_2', 4))).rejects.toMatchObject({ code: 'stale_order' });
  await expect(nodes.deleteReplica(pair.id, 'replica_2', 4)).rejects.toMatchObject({ code: 'stale_order' });
  expect(await nodes.deleteReplica(pair.id, 'replica_2', 6)).toMatchObject({ replicaId: 'replica_2' });
  expect(await nodes.deleteReplica(pair.id, 'replica_2', 7)).toBeUndefined();
});

test('whoever goes away frees the engine at once', async () => {
  await using pair = await openPair();
  const wish = new AbortController();
  const answer = await pair.ask({ chunks: 10_000, pauseMs: 5 }, wish.signal);
  await once(answer.body, 'data');
  wish.abort(new Error('the client left'));
  await until(() => pair.engine.active() === 0, 'the engine to be free');
  expect(pair.engine.cancelled()).toBe(1);

  const second = await pair.ask({ chunks: 10_000, pauseMs: 5 });
  second.body.destroy();
  await until(() => pair.engine.active() === 0, 'the engine to be free again');

  const waiting = new AbortController();
  const unanswered = pair.ask({ hang: true }, waiting.signal);
  await until(() => pair.engine.active() === 1, 'the request to arrive');
  waiting.abort(new Error('the client left'));
  await expect(unanswered).rejects.toThrow('the client left');
  await until(() => pair.engine.active() === 0, 'the engine to be free once more');
});

test('an engine that breaks off is never taken for a complete answer', async () => {
  await using pair = await openPair();
  expect(await readOut(await pair.ask({ chunks: 10, chunkBytes: 100, breakAfter: 4, pauseMs: 5 }))).toEqual({
    bytes: 400,
    code: 'engine_crashed',
  });
  await pair.engine[Symbol.asyncDispose]();
  const answer = await pair.ask({ chunks: 1 });
  expect(answer.status).toBe(502);
  expect(JSON.parse(await text(answer.body))).toMatchObject({ error: { code: 'engine_crashed' } });
});

test('an unknown replica, route and node are told apart', async () => {
  await using pair = await openPair();
  const send = (path: string, id = pair.id) =>
    pair.control.nodes.request(id, { method: 'POST', path, body: Buffer.from('{}'), signal: never });
  expect((await send('/replicas/nobody/v1/completions')).status).toBe(502);
  expect((await send('/replicas/replica_1/v1/models')).status).toBe(404);
  expect((await send('/replicas/%E0%A4%A/v1/completions')).status).toBeGreaterThanOrEqual(400);
  expect((await send('/heartbeat')).status).toBeGreaterThanOrEqual(400);
  await expect(send('/heartbeat', 'node_x')).rejects.toMatchObject({ code: 'node_not_found' });
  expect((await pair.ask({ chunks: 1 })).status).toBe(200);
});

test('a reader that stops reading holds back the engine and nobody else', async () => {
  await using pair = await openPair();
  const stuck = await pair.ask({ chunks: 4000, chunkBytes: 16_384 }); // 64 MB for somebody who does not read
  expect(await text((await pair.ask({ chunks: 2, chunkBytes: 1 })).body)).toBe('ab');
  expect(pair.engine.active()).toBe(1);
  expect(process.memoryUsage().external).toBeLessThan(200e6);
  expect(await readOut(stuck)).toEqual({ bytes: 4000 * 16_384 });
});

test(`${CANCELS} quick cancels do not hurt the link`, async () => {
  await using pair = await openPair();
  const steady = pair.ask({ chunks: 200, chunkBytes: 1, pauseMs: 10 }).then(readOut);
  const cancelEarly = async (delayMs: number) => {
    const wish = new AbortController();
    setTimeout(() => wish.abort(new Error('changed my mind')), delayMs);
    await expect(pair.ask({ chunks: 50, pauseMs: 20, hang: true }, wish.signal)).rejects.toThrow('changed my mind');
  };
  const cancelAnswered = async () => {
    const wish = new AbortController();
    await pair.ask({ chunks: 50, pauseMs: 20 }, wish.signal);
    wish.abort(new Error('changed my mind'));
  };
  const cancelOne = (number: number) => (number % 2 === 0 ? cancelAnswered() : cancelEarly(number % 5));
  for (let round = 0; round < CANCELS / 100; round++) await Promise.all(Array.from({ length: 100 }, (_, number) => cancelOne(number)));
  await until(() => pair.engine.active() <= 1, 'the engine to be free');
  expect(pair.engine.cancelled()).toBeGreaterThanOrEqual(CANCELS / 2);
  expect(await steady).toEqual({ bytes: 200 });
  expect(pair.control.nodes.get(pair.id).condition.state).toBe('ready');
  await until(() => pair.engine.active() === 0, 'the engine to be free');
  expect(await text((await pair.ask({ chunks: 1, chunkBytes: 1 })).body)).toBe('a');
}, 120_000);

test('answers are read in the middle of a flood', async () => {
  await using pair = await openPair();
  let isFlooding = true;
  let answeredDuring = 0;
  const listen = async () => {
    while (isFlooding) {
      await (await pair.control.nodes.request(pair.id, { method: 'GET', path: '/found', signal: never })).body.toArray();
      if (isFlooding) answeredDuring++;
    }
  };
  const listening = listen();
  for (let round = 0; round < 50; round++) {
    const floods = Array.from({ length: 50 }, async () => {
      const wish = new AbortController();
      const asked = pair.ask({ hang: true }, wish.signal).catch(() => {});
      setImmediate(() => wish.abort(new Error('changed my mind')));
      await asked;
    });
    await Promise.all(floods);
  }
  isFlooding = false;
  await listening;
  expect(answeredDuring).toBeGreaterThan(5);
});

test('200 bodies of 1 MB at once all arrive whole', async () => {
  await using pair = await openPair();
  const padding = 'x'.repeat(1024 * 1024);
  const answers = await Promise.all(Array.from({ length: 200 }, async () => JSON.parse(await text((await pair.ask({ padding })).body))));
  expect(new Set(answers.map(({ bytes }) => bytes))).toEqual(new Set([JSON.stringify({ padding }).length]));
  expect(pair.control.nodes.get(pair.id).condition.state).toBe('ready');
}, 120_000);

test('600 streams at once', async () => {
  await using pair = await openPair();
  const results = await Promise.all(
    Array.from({ length: 600 }, async () => readOut(await pair.ask({ chunks: 20, chunkBytes: 10, pauseMs: 20 }))),
  );
  expect(results.filter((result) => result.bytes !== 200 || result.code !== undefined)).toEqual([]);
}, 120_000);

test('an agent that stops says goodbye; one that starts again is taken back', async () => {
  await using control = await openTestControlPlane();
  using folder = makeTestFolder();
  const { address, token } = await control.nodes.invite(invitation);
  let id: string;
  {
    await using agent = await openTestAgent({ address, token, folder });
    id = agent.link.nodeId;
    await until(isState(control.nodes, id, 'ready'), 'the node to be ready');
  }
  await until(isState(control.nodes, id, 'stopped', 'agent_stopped'), 'the goodbye');
  await expect(control.nodes.request(id, { method: 'GET', path: '/found', signal: never })).rejects.toMatchObject({
    code: 'node_unreachable',
  });
  await using again = await openTestAgent({ address, folder });
  expect(again.link.nodeId).toBe(id);
  await until(isState(control.nodes, id, 'ready'), 'the node to be back');
});

test('a control plane that was started again is found again', async () => {
  using folder = makeTestFolder();
  const first = await openTestControlPlane({ folder });
  await using agent = await openTestAgent(await first.nodes.invite(invitation));
  const id = agent.link.nodeId;
  await until(isState(first.nodes, id, 'ready'), 'the node to be ready');
  await first[Symbol.asyncDispose]();
  await using second = await openTestControlPlane({ folder, records: first.records });
  expect(second.nodes.get(id).condition).toMatchObject({ state: 'starting', reason: 'connecting' });
  await until(isState(second.nodes, id, 'ready'), 'the node to be back');
});

test('a renewed certificate brings a new link before the old one drains', async () => {
  const { promise: itIsTime, resolve: makeItTime } = Promise.withResolvers<void>();
  // only the wait for two thirds of the certificate's life is this long
  const agentClock: Clock = { ...systemClock, sleep: (ms, signal) => (ms > hourMs ? itIsTime : systemClock.sleep(ms, signal)) };
  await using pair = await openPair({ agent: { ...agentClock } });
  const serialOf = async () => (await pair.control.records.list())[0]?.certificateSerial;
  const before = await serialOf();
  const states: string[] = [];
  pair.control.nodes.onChange(() => states.push(pair.control.nodes.get(pair.id).condition.state));
  const long = pair.ask({ chunks: 100, chunkBytes: 1, pauseMs: 20 }).then(readOut);
  await until(() => pair.engine.active() === 1, 'the long answer to begin');
  agentClock.sleep = systemClock.sleep; // once only
  makeItTime();
  await until(async () => (await serialOf()) !== before, 'the renewal');
  expect(await long).toEqual({ bytes: 100 });
  expect(new Set(states)).toEqual(new Set(['ready']));
  expect(await readOut(await pair.ask({ chunks: 1, chunkBytes: 1 }))).toEqual({ bytes: 1 });
});

test('a machine that was off when its certificate ended comes back by itself', async () => {
  let offsetMs = 0;
  const shifted: Clock = { ...systemClock, now: () => Date.now() + offsetMs };
  await using control = await openTestControlPlane({ clock: shifted });
  using folder = makeTestFolder();
  {
    await using _agent = await openTestAgent({ ...(await control.nodes.invite(invitation)), folder });
  }
  offsetMs = 25 * hourMs;
  const identity = readFileSync(join(folder.agent, 'identity.json'), 'utf8');
  await using agent = await openTestAgent({ address: control.nodes.address(), folder, clock: shifted });
  await until(isState(control.nodes, agent.link.nodeId, 'ready'), 'the node to be back');

  using thief = makeTestFolder();
  writeFileSync(join(thief.agent, 'identity.json'), identity); // an older certificate of the same node, ended as well
  await using _stranger = await openTestAgent({ address: control.nodes.address(), folder: thief, clock: shifted });
  await expect(createFetchBlob(thief)(`sha256:${'a'.repeat(64)}`, 0, never)).rejects.toMatchObject({ code: 'not_running' });
});

test.each(['a file', 'another system'])(
  'a node fetches the weights that it was ordered to run, from any byte on, and no others: from %s',
  async (place) => {
    const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => index % 251));
    using files = makeTestFolder();
    const path = join(files.root, 'weights');
    writeFileSync(path, bytes);
    await using control = await openTestControlPlane({
      locateBlob: async () => ({
        filePath: place === 'a file' ? path : undefined,
        sizeBytes: bytes.length,
        read: async (range) => createReadStream(path, range === undefined ? {} : { start: range.from, end: range.to }),
      }),
    });
    await using agent = await openTestAgent(await control.nodes.invite(invitation));
    await until(isState(control.nodes, agent.link.nodeId, 'ready'), 'the node to be ready');
    const fetchBlob = createFetchBlob(agent.folder);
    const { digest } = testSpec().file;
    await expect(fetchBlob(digest, 0, never)).rejects.toMatchObject({ code: 'blob_not_found' });
    await control.nodes.putReplica(agent.link.nodeId, testSpec());
    const read = async (fromByte: number) => {
      const { totalBytes, body } = await fetchBlob(digest, fromByte, never);
      return { totalBytes, got: Buffer.concat(await body.toArray()) };
    };
    const whole = await read(0);
    expect(whole.totalBytes).toBe(bytes.length);
    expect(whole.got.equals(bytes)).toBe(true);
    const rest = await read(1_000_000);
    expect(rest.totalBytes).toBe(bytes.length);
    expect(rest.got.equals(bytes.subarray(1_000_000))).toBe(true);
    const narrow = await fetchBlob(digest, 0, never);
    narrow.setWindow?.(32 * 1024); // while it is under way: weights give way to tokens
    expect(Buffer.concat(await narrow.body.toArray()).equals(bytes)).toBe(true);
    await expect(fetchBlob(`sha256:${'b'.repeat(64)}`, 0, never)).rejects.toMatchObject({ code: 'blob_not_found' });
    await expect(fetchBlob('../../secrets/ca.key', 0, never)).rejects.toMatchObject({ code: 'unknown_route' });
    await expect(fetchBlob(digest, bytes.length, never)).rejects.toMatchObject({ code: 'range_not_satisfiable' });
  },
);

test('a frozen agent is late, then lost; whoever waits for it waits no longer; it comes back by itself', async () => {
  await using control = await openTestControlPlane();
  using folder = makeTestFolder();
  const { address, token } = await control.nodes.invite(invitation);
  await using agent = startAgent({ dataFolder: folder.root, linkAddress: address, token, name: 'frozen' });
  await until(() => control.nodes.list()[0]?.condition.state === 'ready', 'the node to be ready');
  const id = control.nodes.list()[0]?.id ?? '';
  await control.nodes.putReplica(id, testSpec());
  const body = Buffer.from(JSON.stringify({ chunks: 100_000, pauseMs: 10 }));
  const path = '/replicas/replica_1/v1/completions';
  const answer = await control.nodes.request(id, { method: 'POST', path, body, signal: never });
  const outcome = readOut(answer);

  agent.child.kill('SIGSTOP');
  const seen = new Set<string>();
  await until(() => {
    const { state, reason } = control.nodes.get(id).condition;
    seen.add(`${state}/${reason}`);
    return state === 'unreachable';
  }, 'the node to be unreachable');
  // how soon is a matter of `watch-liveness.test.ts`, where the clock obeys
  expect([...seen].slice(-2)).toEqual(['degraded/heartbeat_late', 'unreachable/heartbeat_lost']);
  expect((await outcome).code).toBe('node_lost');
  await expect(control.nodes.request(id, { method: 'POST', path, body, signal: never })).rejects.toMatchObject({
    code: 'node_unreachable',
  });
  expect(control.nodes.get(id).replicas).toMatchObject([{ condition: { state: 'unreachable', reason: 'node_lost' } }]);

  agent.child.kill('SIGCONT');
  await until(isState(control.nodes, id, 'ready'), 'the node to be back');
});

test('an agent that is killed leaves no answer that looks complete, and comes back under the same name', async () => {
  await using control = await openTestControlPlane();
  using folder = makeTestFolder();
  const { address, token } = await control.nodes.invite(invitation);
  const killed = startAgent({ dataFolder: folder.root, linkAddress: address, token, name: 'killed' });
  await until(() => control.nodes.list()[0]?.condition.state === 'ready', 'the node to be ready');
  const id = control.nodes.list()[0]?.id ?? '';
  await control.nodes.putReplica(id, testSpec());
  const body = Buffer.from(JSON.stringify({ chunks: 100_000, pauseMs: 5 }));
  const answer = await control.nodes.request(id, { method: 'POST', path: '/replicas/replica_1/v1/completions', body, signal: never });
  await once(answer.body, 'readable');
  await killed[Symbol.asyncDispose]();
  expect((await readOut(answer)).code).toBe('node_lost');
  expect(await answer.trailers).toEqual({});
  await until(isState(control.nodes, id, 'degraded', 'connecting'), 'the loss to be seen');
  await using _again = startAgent({ dataFolder: folder.root, linkAddress: address });
  await until(isState(control.nodes, id, 'ready'), 'the node to be back');
});
