import {
  chatDetailsShape,
  chatListShape,
  clusterEventShape,
  clusterStatusShape,
  configShape,
  foundListShape,
  generateAnswerShape,
  invitationShape,
  loadHistoryShape,
  modelDetailsShape,
  modelListShape,
  nodeListShape,
  nodeShape,
  problemShape,
} from '@cluster-ai/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { eventually, startCluster, type TestCluster } from '../support/start-cluster.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

const headers = () => ({ 'content-type': 'application/json', ...cluster.ownerHeaders() });
const url = (path: string) => `${cluster.url}/api/v1${path}`;

/** What the route answered, as its shape reads it: a wrong answer throws with the field's name. */
async function get<Shape extends z.ZodType>(path: string, shape: Shape): Promise<z.output<Shape>> {
  return shape.parse(await (await fetch(url(path), { headers: headers() })).json());
}
const post = (path: string, body: unknown) => fetch(url(path), { method: 'POST', headers: headers(), body: JSON.stringify(body) });

/** Reads server-sent events until `isEnough`; `onOpen` is called when the stream is there. */
async function readEvents(
  path: string,
  isEnough: (events: { id?: string; data: unknown }[]) => boolean,
  init: RequestInit = {},
  onOpen: () => void = () => undefined,
) {
  const stop = new AbortController();
  const response = await fetch(url(path), { ...init, signal: stop.signal });
  onOpen();
  const events: { id?: string; data: unknown }[] = [];
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    const blocks = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1];
      const id = /^id: (.*)$/m.exec(block)?.[1];
      if (data) events.push({ ...(id === undefined ? {} : { id }), data: JSON.parse(data) });
    }
    if (isEnough(events)) break;
  }
  stop.abort();
  return events;
}

describe('the native API', () => {
  test('answers in the shapes that its document promises', async () => {
    await get('/cluster/status', clusterStatusShape);
    expect((await get('/cluster/load', loadHistoryShape)).samples.length).toBeGreaterThan(0);
    await get('/config', configShape);
    await get('/models', modelListShape);
    await get('/models/starter', modelDetailsShape);
    await get('/models/found', foundListShape);
    const { nodes } = await get('/nodes', nodeListShape);
    await get(`/nodes/${nodes[0]?.id}`, nodeShape);
    await get('/nodes/nobody', problemShape);
    generateAnswerShape.parse(await (await post('/generate', { prompt: 'Hi!' })).json());
    invitationShape.parse(await (await post('/nodes/invitations', { listenHost: '127.0.0.1' })).json());
  });

  test('streams an answer', async () => {
    const events = await readEvents('/generate', (all) => all.some(({ data }) => (data as { type: string }).type === 'done'), {
      method: 'POST',
      headers: headers(),
      body: JSON.stringify({ prompt: 'What is the capital of Brazil?', stream: true, options: { temperature: 0 } }),
    });
    const text = events
      .map(({ data }) => (data as { type: string; response?: string }).type === 'text' && (data as { response: string }).response)
      .join('');
    expect(text).toContain('Brasília');
  });

  test('names the wrong field', async () => {
    expect(await (await post('/generate', { prompt: 'x', options: { temperature: 'hot' } })).json()).toMatchObject({
      code: 'invalid_request',
      param: 'options.temperature',
    });
    expect(await (await post('/chats', {})).json()).toMatchObject({ code: 'invalid_request', param: 'model' });
  });

  test('loads and unloads a model, and says so in events', async () => {
    const opened = Promise.withResolvers<void>();
    const seen = readEvents(
      '/events',
      (all) => all.filter(({ data }) => ['model.changed', 'replica.changed'].includes((data as { type: string }).type)).length >= 2,
      {},
      opened.resolve,
    );
    await opened.promise;
    await post('/models/starter/load', {});
    expect((await get('/models/starter', modelDetailsShape)).condition.state).toBe('ready');
    await post('/models/starter/unload', {});
    await eventually('unloaded', async () => (await get('/models/starter', modelDetailsShape)).replicas.length === 0);
    for (const { data } of await seen) clusterEventShape.parse(data);
  });

  test('a client that comes back gets what it missed, one that was away too long is told to fetch everything', async () => {
    const first = await readEvents('/events', (all) => all.some(({ id }) => id !== undefined));
    const id = Number(first.find((event) => event.id !== undefined)?.id);
    const missed = await readEvents('/events', (all) => all.length >= 1, { headers: { 'last-event-id': String(id) } });
    expect(Number(missed[0]?.id)).toBe(id + 1);
    const tooOld = await readEvents('/events', (all) => all.length >= 1, { headers: { 'last-event-id': '1' } });
    expect(tooOld[0]?.data).toEqual({ type: 'resync' });
  });
});

describe('chats', () => {
  test('are created, answered, renamed, searched, kept over a restart and deleted', async () => {
    const { id } = (await (await post('/chats', { model: 'starter' })).json()) as { id: string };
    const done = (all: { data: unknown }[]) => all.some(({ data }) => (data as { type: string }).type === 'done');
    await readEvents(`/chats/${id}/turns`, done, {
      method: 'POST',
      headers: headers(),
      body: JSON.stringify({ parentId: null, content: 'What is the capital of France?', options: { temperature: 0 } }),
    });
    const chat = await get(`/chats/${id}`, chatDetailsShape);
    expect(chat.messages[1]).toMatchObject({
      content: expect.stringContaining('Paris'),
      answer: { node: expect.any(String), finishReason: 'stop' },
    });
    await fetch(url(`/chats/${id}`), { method: 'PATCH', headers: headers(), body: JSON.stringify({ title: 'Capitals' }) });
    expect((await get('/chats?search=capit', chatListShape)).chats).toMatchObject([{ id, title: 'Capitals' }]);

    cluster = await cluster.restart();
    expect((await get(`/chats/${id}`, chatDetailsShape)).messages).toHaveLength(2);
    expect((await fetch(url(`/chats/${id}`), { method: 'DELETE', headers: cluster.ownerHeaders() })).status).toBe(204);
    expect((await fetch(url(`/chats/${id}`), { headers: headers() })).status).toBe(404);
  });
});
