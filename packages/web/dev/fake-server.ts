/**
 * The native API with made-up data, for looking at pages without a cluster and in states that a healthy one never shows.
 * Development only: `node packages/web/dev/fake-server.ts [PORT]` after a build, then open the printed address.
 */

import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import {
  type Chat,
  type ChatMessage,
  type ChatStreamEvent,
  ClusterError,
  type ClusterEvent,
  phrase,
  toClusterError,
  toCondition,
  toEnglish,
} from '@cluster-ai/contracts';
import { handleAccess } from './fake-access.ts';
import { answerCompute } from './fake-compute.ts';
import { fakeLoad, fakeModels, fakeNodes, longChat, measure, noRoom, sampleAnswer } from './fake-data.ts';
import { answerRegistry } from './fake-registry.ts';

const dist = join(import.meta.dirname, '../dist');
const policy = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'";
const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

const brokenFile = [
  phrase('not_valid_gguf', { path: '/home/ana/.cache/huggingface/hub/broken.gguf' }),
  phrase('gguf_is_cut_short', { needed: 4_683_073_184, size: 1_000_000 }),
];

const startedAt = new Date().toISOString();
let nodes = fakeNodes();
const models = fakeModels();
const chats = new Map<string, Chat & { messages: ChatMessage[] }>([
  ['long', longChat(400)],
  ['short', longChat(6)],
]);
const running = new Map<string, { message: ChatMessage; stop: AbortController; listeners: Set<(event: ChatStreamEvent) => void> }>();
const eventListeners = new Set<(event: ClusterEvent) => void>();
let nextId = 1;

const publish = (event: ClusterEvent) => eventListeners.forEach((listener) => void listener(event));

function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  if (status === 204) return void response.writeHead(status).end();
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
function sendProblem(response: ServerResponse, { status, code, message, hint, said, details }: ClusterError): void {
  response.writeHead(status, { 'content-type': 'application/problem+json' }).end(
    JSON.stringify({
      type: 'about:blank',
      title: code,
      status,
      detail: message,
      instance: '',
      code,
      hint,
      said,
      details,
      requestId: 'r',
    }),
  );
}
function openStream(response: ServerResponse) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  return (event: { type: string }, id?: number) =>
    response.write(`${id ? `id: ${id}\n` : ''}event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function readBody<T>(request: IncomingMessage): Promise<T> {
  const pieces = await Array.fromAsync(request);
  return JSON.parse(Buffer.concat(pieces as Buffer[]).toString());
}

async function answer(chatId: string, message: ChatMessage): Promise<void> {
  const entry = { message, stop: new AbortController(), listeners: new Set<(event: ChatStreamEvent) => void>() };
  running.set(chatId, entry);
  const tell = (event: ChatStreamEvent) => entry.listeners.forEach((listener) => void listener(event));
  await sleep(300);
  tell({ type: 'waiting', reason: 'loading_model', message: 'The engine is loading the model.' });
  await sleep(1200);
  const begun = Date.now();
  const pieces = sampleAnswer.match(/\S+\s*|\s+/g) ?? [];
  let written = 0;
  for (const text of pieces) {
    if (entry.stop.signal.aborted) break;
    entry.message = { ...entry.message, content: entry.message.content + text };
    tell({ type: 'delta', messageId: message.id, text });
    written += 1;
    await sleep(12);
  }
  const done: ChatMessage = {
    ...entry.message,
    isComplete: true,
    answer: {
      model: 'starter',
      node: 'desk',
      firstTokenMs: 412,
      tokensPerSecond: written / ((Date.now() - begun) / 1000),
      promptTokens: 20,
      completionTokens: written,
      finishReason: entry.stop.signal.aborted ? 'stopped' : 'stop',
      error: null,
    },
  };
  const chat = chats.get(chatId);
  if (chat) chat.messages = chat.messages.map((other) => (other.id === done.id ? done : other));
  running.delete(chatId);
  tell({ type: 'done', message: done });
  publish({ type: 'chat.changed', chatId });
}

function watch(chatId: string, response: ServerResponse): void {
  const send = openStream(response);
  const entry = running.get(chatId);
  if (!entry) {
    const message = chats.get(chatId)?.messages.at(-1);
    if (message) send({ type: 'done', message } as ChatStreamEvent);
    response.end();
    return;
  }
  send({ type: 'message', message: entry.message } as ChatStreamEvent);
  entry.listeners.add((event) => {
    send(event);
    if (event.type === 'done') response.end();
  });
}

async function handleChats(request: IncomingMessage, response: ServerResponse, [id, verb]: string[]): Promise<void> {
  const chat = id === undefined ? undefined : chats.get(id);
  const view = (one: Chat & { messages: ChatMessage[] }) => ({ ...one, isGenerating: running.has(one.id) });
  if (id === undefined) {
    if (request.method === 'POST') {
      const body = await readBody<Pick<Chat, 'model' | 'options'>>(request);
      const made = {
        id: `c${nextId++}`,
        title: '',
        model: body.model,
        createdAt: new Date().toISOString(),
        updatedAt: new Date().toISOString(),
        headId: null,
        isPinned: false,
        options: body.options,
        isGenerating: false,
        isReadable: true,
        messages: [],
      };
      chats.set(made.id, made);
      return sendJson(response, made, 201);
    }
    return sendJson(response, {
      chats: [...chats.values()].map(({ messages, ...rest }) => ({ ...rest, isGenerating: running.has(rest.id) })).reverse(),
      nextCursor: null,
    });
  }
  if (!chat) return sendProblem(response, new ClusterError('chat_not_found', phrase('chat_unknown', { id: id ?? '' })));
  if (verb === 'stream') return watch(id, response);
  if (verb === 'stop') {
    running.get(id)?.stop.abort();
    response.writeHead(204).end();
    return;
  }
  if (verb === 'turns') {
    const turn = await readBody<{ parentId: string | null; content?: string }>(request);
    if (turn.content === 'refuse') return sendProblem(response, new ClusterError('not_enough_memory', noRoom));
    let parentId = turn.parentId;
    const now = new Date().toISOString();
    if (turn.content !== undefined) {
      const question: ChatMessage = {
        id: `m${nextId++}`,
        parentId,
        role: 'user',
        content: turn.content,
        createdAt: now,
        isComplete: true,
        answer: null,
      };
      chat.messages.push(question);
      chat.title ||= turn.content.slice(0, 60);
      parentId = question.id;
    }
    const message: ChatMessage = {
      id: `m${nextId++}`,
      parentId,
      role: 'assistant',
      content: '',
      createdAt: now,
      isComplete: false,
      answer: {
        model: chat.model,
        node: null,
        firstTokenMs: null,
        tokensPerSecond: null,
        promptTokens: null,
        completionTokens: null,
        finishReason: null,
        error: null,
      },
    };
    chat.messages.push(message);
    chat.headId = message.id;
    void answer(id, message);
    publish({ type: 'chat.changed', chatId: id });
    return watch(id, response);
  }
  if (request.method === 'PATCH') Object.assign(chat, await readBody<Partial<Chat>>(request));
  if (request.method === 'DELETE') {
    chats.delete(id);
    response.writeHead(204).end();
    return;
  }
  const live = running.get(id)?.message;
  sendJson(response, { ...view(chat), messages: chat.messages.map((message) => (message.id === live?.id ? live : message)) });
}

async function handleApi(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
  const parts = path.split('/').map(decodeURIComponent);
  const [kind, id, verb] = parts;
  if (kind === 'events') {
    const send = openStream(response);
    send({ type: 'cluster.measured', tokensPerSecond: 0, activeRequests: 0, queuedRequests: 0 } as ClusterEvent, nextId++);
    const listener = (event: ClusterEvent) => void send(event, nextId++);
    eventListeners.add(listener);
    response.on('close', () => eventListeners.delete(listener));
    return;
  }
  if (kind === 'setup') return sendJson(response, { isOpen: false });
  if (kind === 'sign-in') return sendJson(response, { oidc: { label: 'Casa' }, mail: true });
  const access = handleAccess(request.method ?? 'GET', parts);
  if (access instanceof ClusterError) return sendProblem(response, access);
  if (access !== undefined) return sendJson(response, access.value, access.value === null ? 204 : 200);
  const search = new URL(request.url ?? '/', 'http://localhost').searchParams;
  const computed = await answerCompute(request.method ?? 'GET', parts, search, () => readBody(request));
  if (computed !== undefined) return sendJson(response, computed);
  const known = answerRegistry(models, request.method ?? 'GET', parts, search);
  if (known !== undefined) return sendJson(response, known, known === null ? 204 : 200);
  if (kind === 'cluster' && id === 'load') return sendJson(response, { now: new Date().toISOString(), samples: fakeLoad() });
  if (kind === 'cluster')
    return sendJson(response, {
      name: 'Casa-Cluster',
      version: '0.1.0',
      started_at: startedAt,
      total_workers: nodes.length,
      ready_workers: 3,
      active_tasks: running.size,
      queued_tasks: 0,
      condition: toCondition('degraded', 'some_nodes_not_ready', Date.parse(startedAt), {
        message: phrase('some_nodes_ready', { ready: 3, all: 7 }),
      }),
      cpu_utilization: 0.2,
      memory_usage: 0.4,
      gpu_available: true,
      tokens_per_second: 52.3,
      models: models.length,
      running_models: 2,
      data_folder: '/data',
      listeners: [
        { name: 'main', address: '192.168.0.10:3000', condition: toCondition('ready', 'serving', Date.parse(startedAt)) },
        {
          name: 'ollama',
          address: '127.0.0.1:11434',
          condition: toCondition('stopped', 'port_taken', Date.parse(startedAt), { hint: phrase('port_left_to_ollama') }),
        },
      ],
    });
  if (kind === 'nodes' && id === 'invitations') {
    const join = 'cluster-ai join 192.168.0.10:7443 --token cai1.k7f29qxm4w8zr2tb6n3p5s7v9y.3f6c1a';
    setTimeout(() => {
      const [desk] = nodes;
      if (!desk) return;
      const { metrics, metricsAt, lastSeenAt, roundTripMs, ...node } = {
        ...desk,
        id: `n${nextId++}`,
        name: 'sala-pc',
        isLocal: false,
        replicas: [],
      };
      publish({ type: 'node.changed', node });
    }, 6000);
    return sendJson(
      response,
      {
        address: '192.168.0.10:7443',
        token: 'cai1.k7f2',
        expiresAt: new Date(Date.now() + 900_000).toISOString(),
        command: join,
        installCommand: 'npm install --global http://192.168.0.10:3000/cluster-ai.tgz',
      },
      201,
    );
  }
  if (kind === 'nodes' && request.method === 'DELETE') {
    nodes = nodes.filter((node) => node.id !== id);
    publish({ type: 'node.removed', nodeId: id ?? '' });
    response.writeHead(204).end();
    return;
  }
  if (kind === 'nodes' && verb === 'approve') {
    nodes = nodes.map((node) => (node.id === id ? { ...node, condition: toCondition('ready', 'serving', Date.now()) } : node));
    return sendJson(
      response,
      nodes.find((node) => node.id === id),
    );
  }
  if (kind === 'nodes') return sendJson(response, { nodes });
  if (kind === 'models' && id === 'found')
    return sendJson(response, {
      files: [
        {
          node: 'desk',
          nodeId: 'n1',
          path: '/usr/share/ollama/.ollama/models/blobs/sha256-2bada8a7450677000f678be90653b85d364de7db25eb5ea54136ada5f3933730',
          sizeBytes: 4_683_073_184,
          source: 'ollama',
          suggestedName: 'qwen2.5:7b',
          facts: { ...models[0]?.latest.facts, parameterSize: '7.6B', quantization: 'Q4_K_M' },
          problem: null,
          problems: [],
          registeredAs: null,
        },
        {
          node: 'desk',
          nodeId: 'n1',
          path: '/home/ana/.cache/huggingface/hub/broken.gguf',
          sizeBytes: 1_000_000,
          source: 'huggingface',
          suggestedName: 'broken',
          facts: null,
          problem: toEnglish(brokenFile),
          problems: brokenFile,
          registeredAs: null,
        },
      ],
    });
  if (kind === 'models' && id === undefined) return sendJson(response, { models, status: models[0]?.condition });
  if (kind === 'models') {
    const model = models.find((candidate) => candidate.name === id);
    if (!model) {
      const unknown = phrase('model_unknown', { name: id ?? '' });
      return sendProblem(response, new ClusterError('model_not_found', unknown, { hint: phrase('list_the_models') }));
    }
    if (verb === 'load') return sendProblem(response, new ClusterError('not_enough_memory', noRoom));
    return sendJson(response, { ...model, versions: [model.latest] });
  }
  if (kind === 'chats') return handleChats(request, response, parts.slice(1));
  sendProblem(response, new ClusterError('unknown_route', `There is no route ${path}.`));
}

async function handleFile(response: ServerResponse, path: string): Promise<void> {
  const wanted = normalize(path.replace(/^\/ui\/?/, ''));
  const file = extname(wanted) === '' ? 'index.html' : wanted;
  const bytes = await readFile(join(dist, file)).catch(() => undefined);
  if (!bytes) {
    response.writeHead(404).end();
    return;
  }
  response
    .writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream', 'content-security-policy': policy })
    .end(bytes);
}

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const handled = pathname.startsWith('/api/v1/')
    ? handleApi(request, response, pathname.slice('/api/v1/'.length))
    : handleFile(response, pathname);
  handled.catch((error: unknown) => sendProblem(response, toClusterError(error)));
});

setInterval(() => {
  const isBusy = running.size > 0;
  nodes = nodes.map((node) => measure(node, isBusy));
  for (const { id, metrics, metricsAt, lastSeenAt, roundTripMs, condition } of nodes)
    if (condition.state === 'ready') publish({ type: 'node.measured', node: { id, metrics, metricsAt, lastSeenAt, roundTripMs } });
  publish({
    type: 'cluster.measured',
    tokensPerSecond: nodes.reduce((sum, node) => sum + (node.condition.state === 'ready' ? (node.metrics?.tokensPerSecond ?? 0) : 0), 0),
    activeRequests: running.size,
    queuedRequests: 0,
  });
}, 1000);

server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`http://127.0.0.1:${typeof address === 'object' && address ? address.port : ''}/ui/\n`);
});
