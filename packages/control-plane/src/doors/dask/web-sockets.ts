import { type IncomingMessage, type Server, ServerResponse, request as startRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Dashboard, pick, toTarget, unreachable } from './fetch-page.ts';

interface Upgrade {
  readonly socket: Duplex;
  /** Of what follows the request, the part that came with it. */
  readonly head: Buffer;
  readonly response: ServerResponse;
}

const upgrades = new WeakMap<IncomingMessage, Upgrade>();

export const upgradeOf = ({ raw }: FastifyRequest): Upgrade | undefined => upgrades.get(raw);

const isWebSocket = ({ headers, url }: IncomingMessage, prefix: string) =>
  headers.upgrade?.toLowerCase() === 'websocket' && url?.startsWith(prefix) === true;

/**
 * Lets requests for a web socket through as the ordinary requests that they begin as: so they meet the same checks of host, origin and
 * rights as all others. Whatever else asks for an upgrade (HTTP/2, for example) is answered as if it had not.
 */
export function acceptUpgrades(app: FastifyInstance, prefix: string): void {
  // Node has it since 24.9; its types do not yet
  const server = app.server as Server & { shouldUpgradeCallback?: (request: IncomingMessage) => boolean };
  const open = new Set<Duplex>();
  server.shouldUpgradeCallback = (request) => isWebSocket(request, prefix);
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as never);
    response.once('finish', () => socket.end());
    upgrades.set(request, { socket, head, response });
    app.routing(request, response);
  });
  app.addHook('preClose', async () => {
    for (const socket of open) socket.destroy();
  });
}

const passedOn = ['sec-websocket-key', 'sec-websocket-version', 'sec-websocket-protocol', 'sec-websocket-extensions', 'user-agent'];

const toHead = ({ statusCode, statusMessage, rawHeaders }: IncomingMessage): string => {
  const lines = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : []));
  return `${[`HTTP/1.1 ${statusCode} ${statusMessage}`, ...lines].join('\r\n')}\r\n\r\n`;
};

/** Joins the caller's connection with one to Dask. It ends with either side, and when the caller loses the right to it. */
export async function tunnel(request: FastifyRequest, reply: FastifyReply, dashboard: Dashboard): Promise<FastifyReply> {
  const { socket, head, response } = upgrades.get(request.raw) as Upgrade;
  const headers = {
    ...pick(request.raw.headers, passedOn),
    connection: 'Upgrade',
    upgrade: 'websocket',
    origin: `http://localhost:${dashboard.port}`, // ours was checked already
  };
  const { answer, inner, innerHead } = await new Promise<{ answer: IncomingMessage; inner?: Duplex; innerHead?: Buffer }>(
    (resolve, reject) => {
      const started = startRequest({ ...toTarget(dashboard, request.raw.url ?? '/', headers), agent: false });
      started.once('upgrade', (upgraded, to, rest) => resolve({ answer: upgraded, inner: to, innerHead: rest }));
      started.once('response', (refused) => resolve({ answer: refused }));
      started.once('error', (error) => reject(unreachable(error)));
      socket.once('close', () => started.destroy());
      started.end();
    },
  );
  if (inner === undefined || innerHead === undefined) {
    answer.resume();
    return reply.code(answer.statusCode ?? 502).send('');
  }
  reply.hijack();
  response.detachSocket(socket as never);
  const end = () => {
    inner.destroy();
    socket.destroy();
  };
  const cut = request.caller?.whenCut?.();
  cut?.addEventListener('abort', end);
  for (const side of [socket, inner]) side.once('close', end).on('error', end);
  socket.once('close', () => cut?.removeEventListener('abort', end));
  if (cut?.aborted) end();
  socket.write(toHead(answer));
  socket.write(innerHead);
  inner.write(head);
  socket.pipe(inner).pipe(socket);
  return reply;
}
