import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { isState, makeTestFolder, openTestAgent, openTestControlPlane, testSpec, until } from './fixtures/link-parts.ts';
import { openSocketEngine } from './fixtures/socket-engine.ts';

const never = new AbortController().signal;
const invitation = { name: '', ttlSeconds: 600, listenHost: '127.0.0.1' };

/** One control plane, one agent that joined, one replica behind a scripted engine. */
async function openPair() {
  const stack = new AsyncDisposableStack();
  const folder = makeTestFolder();
  stack.defer(() => folder[Symbol.dispose]());
  const engine = stack.use(await openSocketEngine(join(folder.run, 'engine.sock')));
  const control = stack.use(await openTestControlPlane());
  const { address, token } = await control.nodes.invite(invitation);
  const agent = stack.use(await openTestAgent({ address, token, socketPath: engine.socketPath, folder }));
  const id = agent.link.nodeId;
  await until(isState(control.nodes, id, 'ready'), 'the node to be ready');
  await control.nodes.putReplica(id, testSpec());
  const ask = (script: object, signal = never) =>
    control.nodes.request(id, {
      method: 'POST',
      path: '/replicas/replica_1/v1/chat/completions',
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(script)),
      signal,
    });
  return { control, agent, engine, id, ask, folder, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

test('a machine joins with a token, connects and reports itself', async () => {
  await using pair = await openPair();
  const node = pair.control.nodes.get(pair.id);
  expect(node).toMatchObject({
    name: 'machine',
    isLocal: false,
    condition: { state: 'ready', reason: 'serving' },
    hardware: { cpuCores: 2 },
  });
  await until(() => pair.control.nodes.get(pair.id).replicas.length === 1, 'the report of the replica');
});

test('an answer streams through the link with its trailers', async () => {
  await using pair = await openPair();
  const answer = await pair.ask({ chunks: 5, chunkBytes: 3 });
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('text/event-stream');
  expect(await text(answer.body)).toBe('aaabbbcccdddeee');
  expect(await answer.trailers).toEqual({ 'x-cluster-usage': '{"completionTokens":5}' });
});
