import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type ClusterClientOptions, createClusterClient } from './cluster-client.ts';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const open: (() => Promise<void>)[] = [];

async function serve(answer: (response: ServerResponse, request: IncomingMessage) => void, options: Partial<ClusterClientOptions> = {}) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const body = (await Array.fromAsync(request)).map(String).join('');
    seen.push({ method: request.method, url: request.url, headers: request.headers, body });
    answer(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { client: createClusterClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ...options }), seen };
}

function answerJson(status: number, value: unknown, headers: Record<string, string> = {}) {
  return (response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(value));
  };
}

function answerEvents(text: string, { isCut = false } = {}) {
  return (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(text, () => (isCut ? response.destroy() : response.end()));
  };
}

const problem = {
  type: 'about:blank',
  title: 'The model is loading',
  status: 503,
  detail: 'qwen is loading.',
  instance: '/api/v1/generate',
  code: 'model_loading',
  hint: 'Wait.',
  requestId: 'r1',
  details: { progress: 0.5 },
};

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

describe('the cluster client', () => {
  test('names of models are encoded as one part of the path', async () => {
    const { client, seen } = await serve(answerJson(200, {}));
    await client.getModel('team/qwen3:4b');
    expect(seen[0]?.url).toBe('/api/v1/models/team%2Fqwen3%3A4b');
  });

  test('lists come without their envelope', async () => {
    const { client } = await serve(answerJson(200, { nodes: [{ id: 'n1' }] }));
    expect(await client.listNodes()).toEqual([{ id: 'n1' }]);
  });

  test('a search that is empty is not sent, a cursor is', async () => {
    const { client, seen } = await serve(answerJson(200, { chats: [], nextCursor: null }));
    await client.listChats({ search: '', cursor: 'a b' });
    expect(seen[0]?.url).toBe('/api/v1/chats?cursor=a+b');
  });

  test('an answer without a body is nothing', async () => {
    const { client, seen } = await serve((response) => response.writeHead(204).end());
    expect(await client.removeChat('c1')).toBeUndefined();
    expect(seen[0]?.method).toBe('DELETE');
  });

  test('a problem document becomes the error that it describes', async () => {
    const { client } = await serve(answerJson(503, problem, { 'retry-after': '7' }));
    await expect(client.generate({ prompt: 'hi' })).rejects.toMatchObject({
      code: 'model_loading',
      message: 'qwen is loading.',
      hint: 'Wait.',
      retryAfterSeconds: 7,
      details: { progress: 0.5, requestId: 'r1' },
    });
  });

  test('whoever listens hears what was refused, and whether it was a change', async () => {
    const heard: unknown[] = [];
    const { client } = await serve(answerJson(401, { ...problem, status: 401, code: 'session_ended' }), {
      onRefused: ({ code }, { isChange }) => void heard.push([code, isChange]),
    });
    await expect(client.listKeys()).rejects.toMatchObject({ code: 'session_ended' });
    await expect(client.revokeKey('k')).rejects.toMatchObject({ code: 'session_ended' });
    expect(heard).toEqual([
      ['session_ended', false],
      ['session_ended', true],
    ]);
  });

  test('an error page of somebody else says what came instead', async () => {
    const { client } = await serve((response) => response.writeHead(502).end('<html>Bad gateway</html>'));
    await expect(client.listNodes()).rejects.toMatchObject({
      code: 'internal',
      message: 'The server answered with status 502 and no explanation.',
    });
  });

  test('an address where nothing answers is not_running', async () => {
    const client = createClusterClient({ baseUrl: 'http://127.0.0.1:1' });
    await expect(client.getClusterStatus()).rejects.toMatchObject({ code: 'not_running' });
  });

  test('an aborted call rejects with the reason of its signal', async () => {
    const { client } = await serve(() => undefined);
    const reason = new Error('enough');
    await expect(client.getClusterStatus({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test('events go on after the last one that was seen', async () => {
    const { client, seen } = await serve(answerEvents('id: 8\nevent: node.removed\ndata: {"type":"node.removed","nodeId":"n"}\n\n'));
    expect(await Array.fromAsync(client.watchEvents({ lastEventId: '7' }))).toEqual([
      { id: '8', event: { type: 'node.removed', nodeId: 'n' } },
    ]);
    expect(seen[0]?.headers['last-event-id']).toBe('7');
  });

  test('a turn of a chat streams its events', async () => {
    const { client, seen } = await serve(answerEvents('event: delta\ndata: {"type":"delta","messageId":"m","text":"Hi"}\n\n'));
    const events = await Array.fromAsync(client.takeTurn('c1', { parentId: null, content: 'Hello' }));
    expect(events).toEqual([{ type: 'delta', messageId: 'm', text: 'Hi' }]);
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual({ parentId: null, content: 'Hello' });
  });

  test('a stream that breaks half-way is an error, not an end', async () => {
    const { client } = await serve(answerEvents('data: {"response":"a"}\n\n', { isCut: true }));
    await expect(Array.fromAsync(client.generateStream({ prompt: 'hi' }))).rejects.toMatchObject({ code: 'not_running' });
  });

  test('an error event within a stream is thrown', async () => {
    const { client } = await serve(
      answerEvents(`data: {"response":"a"}\n\nevent: error\ndata: {"type":"error","code":"model_loading","message":"Loading."}\n\n`),
    );
    const parts: string[] = [];
    const read = async () => {
      for await (const part of client.generateStream({ prompt: 'hi' })) parts.push(part.response);
    };
    await expect(read()).rejects.toMatchObject({ code: 'model_loading', message: 'Loading.' });
    expect(parts).toEqual(['a']);
  });

  test('what changes something proves that a page of ours sent it, once that is signed in', async () => {
    const { client, seen } = await serve((response, request) =>
      answerJson(200, request.method === 'POST' ? { csrfToken: 'proof' } : {})(response),
    );
    await client.endAllSessions();
    await client.signIn({ name: 'ana', password: 'x' });
    await client.listPeople();
    await client.updateMe({ displayName: 'Ana' });
    expect(seen.map(({ headers }) => headers['x-csrf-token'])).toEqual([undefined, undefined, undefined, 'proof']);
  });

  test('the audit record is asked for with its filters, and exported as it comes', async () => {
    const { client, seen } = await serve((response) => response.end('{"sequence":1}\n{"sequence":2,"é":1}\n'));
    expect((await Array.fromAsync(client.exportAudit({ format: 'jsonl', actor: 'Ada L' }))).join('')).toContain('"é":1}\n');
    expect(seen[0]?.url).toBe('/api/v1/audit/export?format=jsonl&actor=Ada+L');
    const { client: other, seen: seenByOther } = await serve(answerJson(200, { entries: [], nextCursor: null }));
    await other.listAudit({ limit: 5, result: 'denied' });
    expect(seenByOther[0]?.url).toBe('/api/v1/audit?result=denied&limit=5');
  });

  test('leaving the loop closes the connection', async () => {
    const closed = Promise.withResolvers<void>();
    const { client } = await serve((response) => {
      response.on('close', closed.resolve);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"type":"resync"}\n\n');
    });
    for await (const { event } of client.watchEvents()) {
      expect(event).toEqual({ type: 'resync' });
      break;
    }
    await closed.promise;
  });
});
