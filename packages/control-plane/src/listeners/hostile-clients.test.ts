import { once } from 'node:events';
import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type Config, configShape } from '@cluster-ai/contracts';
import { silentLogger } from '@cluster-ai/runtime';
import { expect, test } from 'vitest';
import type { Caller } from '../access/caller.ts';
import { permissionsOf } from '../access/roles.ts';
import { admitEverybody } from '../access/testing/admit-everybody.ts';
import { openEventStream } from '../doors/native/event-stream.ts';
import { renderProblem } from '../doors/native/problem.ts';
import { endIdleBodies } from './check-body.ts';
import { createListener } from './create-listener.ts';
import { endStalledReaders } from './end-stalled-readers.ts';
import { createTrustedProxies } from './trusted-proxies.ts';

const isPublic = { permission: 'public', why: 'a test' } as const;
const host = { host: 'localhost' };

async function open(listeners: Record<string, unknown> = {}, caller?: Partial<Caller>) {
  const config: Config = configShape.parse({ listeners });
  const owner = admitEverybody.admit({ method: 'GET', headers: {}, isSecure: false, remoteAddress: undefined }, 'public');
  const admission = { admit: () => ({ ...owner, ...caller }) };
  const { app } = createListener({ config, log: silentLogger, admission, renderError: renderProblem });
  const changed: string[] = [];
  app.get('/hello', { config: isPublic }, async () => ({ hello: 'world' }));
  app.post('/echo', { config: isPublic }, async ({ body }) => body);
  app.post('/models', { config: { permission: 'models:write' } }, async () => changed.push('post'));
  app.delete('/models', { config: { permission: 'models:write' } }, async () => changed.push('delete'));
  app.post('/login', { config: { ...isPublic, rateClass: 'auth' } }, async (request, reply) => {
    const { password } = request.body as { password?: string };
    return reply.code(password === 'right' ? 200 : 401).send({});
  });
  app.get('/who', { config: isPublic }, async ({ ip, protocol, host: name }) => ({ ip, protocol, host: name }));
  app.get('/broken', { config: isPublic }, async () => {
    throw new Error('secret at /srv/secret.ts:12');
  });
  const streams: ReturnType<typeof openEventStream>[] = [];
  app.get('/events', { config: isPublic }, async (_request, reply) => {
    streams.push(openEventStream(reply));
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return { app, port, changed, streams, [Symbol.asyncDispose]: async () => void (await app.close()) };
}
type Opened = Awaited<ReturnType<typeof open>>;

interface Call {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
}

function call({ port }: Opened, path: string, { method = 'GET', headers = {}, body }: Call = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers }, async (response) => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: (await response.toArray()).join('') });
    });
    request.on('error', reject).end(body);
  });
}
const post = (opened: Opened, path: string, value: unknown, headers: OutgoingHttpHeaders = {}) =>
  call(opened, path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) });

/** Sends bytes that no HTTP client would; all that came back, once the other end closed. */
async function sendRaw({ port }: Opened, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  let text = '';
  socket.on('data', (chunk) => (text += chunk));
  socket.write(bytes);
  await once(socket, 'close');
  return text;
}

async function dial({ port }: Opened): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

test('attack 3: no method, and no header that claims to be one, gets a page of another site past the check', async () => {
  await using opened = await open();
  const foreign = { ...host, origin: 'https://evil.example' };
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE'])
    for (const path of ['/models', '/hello', '/nothing'])
      expect((await call(opened, path, { method, headers: foreign })).status, `${method} ${path}`).toBe(403);
  for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override'])
    await post(opened, '/models', {}, { ...host, [name]: 'DELETE' });
  expect(opened.changed).toEqual(['post', 'post', 'post']);
  expect((await call(opened, '/models?_method=DELETE', { headers: host })).status).toBe(404);
});

test('attack 48: requests that two servers could read differently are refused, and nothing hides behind them', async () => {
  await using opened = await open();
  const hidden = 'DELETE /models HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const head = 'POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
  for (const [what, request] of [
    ['length and chunks', `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`],
    ['two lengths', `${head}Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}${hidden}`],
    ['a length that is none', `${head}Content-Length: +2\r\n\r\n{}${hidden}`],
    ['a coding that is none', `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`],
    ['chunked not last', `${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${hidden}`],
    ['a folded header', `${head}X-A: b\r\n c: d\r\nContent-Length: 2\r\n\r\n{}`],
    ['a space before the colon', `${head}Content-Length : 2\r\n\r\n{}${hidden}`],
    ['a bare line feed', 'GET /hello HTTP/1.1\nHost: localhost\n\n'],
    ['a chunk size that is none', `${head}Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n`],
  ] as const) {
    expect(await sendRaw(opened, request), what).toMatch(/^HTTP\/1\.1 400 /);
    expect(opened.changed, what).toEqual([]);
  }
  const upgrade = 'GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n';
  expect(await sendRaw(opened, upgrade)).not.toMatch(/^HTTP\/1\.1 101/);
  const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
  expect(await sendRaw(opened, preface)).toMatch(/^HTTP\/1\.1 400 /);
  expect(opened.changed).toEqual([]);
});

test('attack 50: compressed bodies are refused; a body of any size is counted as it comes', async () => {
  await using opened = await open();
  const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024));
  for (const encoding of ['gzip', 'deflate', 'br', 'zstd', 'identity, gzip']) {
    const headers = { ...host, 'content-type': 'application/json', 'content-encoding': encoding };
    const answer = await call(opened, '/echo', { method: 'POST', headers, body: bomb }).catch(() => undefined);
    if (answer) expect(answer.status, encoding).toBe(415);
  }
  const big = 'x'.repeat(25 * 1024 * 1024); // the limit is 20 MiB
  const answer = await post(opened, '/echo', { big }, { ...host, 'transfer-encoding': 'chunked' }).catch(() => undefined);
  if (answer) expect(answer.status).toBe(413);
  expect((await post(opened, '/echo', { fine: true }, { ...host, 'content-encoding': 'identity' })).status).toBe(200);
});

test('attack 37 and 38: the guards of JSON stand before every route', async () => {
  await using opened = await open();
  const send = (body: string) => call(opened, '/echo', { method: 'POST', headers: { ...host, 'content-type': 'application/json' }, body });
  expect(JSON.parse((await send('{"__proto__":{"a":1}}')).body)).toMatchObject({ status: 400, code: 'invalid_json' });
  expect(JSON.parse((await send('['.repeat(100_000))).body)).toMatchObject({ status: 400, code: 'invalid_json' });
});

test('attack 38: headers are bounded', async () => {
  await using opened = await open();
  const long = `GET /hello HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`;
  expect(await sendRaw(opened, long)).toMatch(/^HTTP\/1\.1 431 /);
  expect((await call(opened, `/hello?${'x'.repeat(20_000)}`, { headers: host }).catch(() => ({ status: 431 }))).status).toBe(431);
});

test('attack 47: no answer tells versions, paths or stacks', async () => {
  await using opened = await open();
  const answers = await Promise.all([
    call(opened, '/broken', { headers: host }),
    call(opened, '/nothing', { headers: host }),
    call(opened, '/%', { headers: host }),
    call(opened, '/hello', { headers: { host: 'evil.example' } }),
    call(opened, '/echo', { method: 'POST', headers: { ...host, 'content-type': 'text/html' }, body: '<p>' }),
  ]);
  for (const { headers, body } of answers) {
    expect(headers).not.toHaveProperty('server');
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(`${JSON.stringify(headers)}${body}`).not.toMatch(/fastify|node\.?js|v?24\.\d+\.\d+|\.ts:\d+|\bat .*\(|secret/i);
  }
  expect(await sendRaw(opened, 'nonsense\r\n\r\n')).not.toMatch(/fastify|node/i);
});

test('attack 49: what a stranger says of himself in headers is not believed', async () => {
  const said = { 'x-forwarded-for': '198.51.100.7', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example' };
  const seenBy = async (opened: Opened, headers: OutgoingHttpHeaders = said) =>
    JSON.parse((await call(opened, '/who', { headers: { ...host, ...headers } })).body);
  await using opened = await open();
  expect(await seenBy(opened)).toEqual({ ip: '127.0.0.1', protocol: 'http', host: 'localhost' });
  for (const name of ['x-forwarded-host', 'x-host', 'forwarded'])
    expect((await call(opened, '/hello', { headers: { host: 'evil.example', [name]: 'localhost' } })).status, name).toBe(403);

  await using other = await open({ trustedProxies: ['10.0.0.5', 'fd00::/8'] });
  expect(await seenBy(other)).toEqual({ ip: '127.0.0.1', protocol: 'http', host: 'localhost' });

  await using behind = await open({ trustedProxies: ['127.0.0.0/8', '192.168.7.0/24'] });
  expect(await seenBy(behind)).toEqual({ ip: '198.51.100.7', protocol: 'https', host: 'localhost' });
  // the caller wrote the first entry himself
  const chain = { 'x-forwarded-for': '127.0.0.1, 198.51.100.2, 192.168.7.3' };
  expect(await seenBy(behind, chain)).toMatchObject({ ip: '198.51.100.2' });
  expect(() => createTrustedProxies(['everybody'])).toThrow('trustedProxies');
});

test('attack 31: guessing is slow per address, whatever it claims to be; who is right is not held up', async () => {
  await using opened = await open();
  for (let round = 0; round < 10; round++) expect((await post(opened, '/login', { password: 'right' }, host)).status).toBe(200);
  const guess = (round: number) => post(opened, '/login', { password: 'wrong' }, { ...host, 'x-forwarded-for': `10.0.0.${round}` });
  const statuses: number[] = [];
  for (let round = 0; round < 7; round++) statuses.push((await guess(round)).status);
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
  const limited = await guess(8);
  expect(JSON.parse(limited.body)).toMatchObject({ code: 'too_many_requests' });
  expect(Number(limited.headers['retry-after'])).toBeGreaterThan(0);
  const many = await Promise.all(Array.from({ length: 20 }, (_, round) => guess(round)));
  expect(many.every(({ status }) => status === 429)).toBe(true);
});

test('behind a trusted proxy each caller has his own attempts', async () => {
  await using opened = await open({ trustedProxies: ['127.0.0.1'] });
  const guess = (from: string) => post(opened, '/login', { password: 'wrong' }, { ...host, 'x-forwarded-for': from });
  for (let round = 0; round < 5; round++) await guess('198.51.100.1');
  expect((await guess('198.51.100.1')).status).toBe(429);
  expect((await guess('198.51.100.2')).status).toBe(401);
});

test('writes of one caller are bounded; reads, and the owner of the machine, are not', async () => {
  const caller = { kind: 'person', id: 'ana', permissions: permissionsOf('admin') } as const;
  await using opened = await open({}, caller);
  const statuses: number[] = [];
  // on a slow machine more of them, since more are allowed meanwhile
  while (!statuses.includes(429) && statuses.length < 600) statuses.push((await post(opened, '/models', {}, host)).status);
  expect(statuses.indexOf(429)).toBeGreaterThanOrEqual(60);
  expect(statuses.slice(0, 60)).toEqual(Array.from({ length: 60 }, () => 200));
  expect((await call(opened, '/hello', { headers: host })).status).toBe(200);
  await using own = await open();
  for (let round = 0; round < 62; round++) expect((await post(own, '/models', {}, host)).status).toBe(200);
});

test('attack 23: a reader of events that never reads is dropped, and what waits for it is bounded', async () => {
  await using opened = await open();
  const socket = await dial(opened);
  socket.pause();
  socket.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await expect.poll(() => opened.streams.length).toBe(1);
  const [stream] = opened.streams;
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const before = process.memoryUsage().external + process.memoryUsage().arrayBuffers;
  for (let event = 0; event < 2000; event++) {
    stream?.send({ type: 'x', text: 'y'.repeat(20_000) }, event); // 40 MB for somebody who takes none of it
    if (event % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(process.memoryUsage().external + process.memoryUsage().arrayBuffers - before).toBeLessThan(20e6);
  socket.resume();
  await closed;
});

test('attack 23: whoever takes nothing of an answer is cut off; whoever reads slowly gets it all', async () => {
  const size = 32e6; // more than the system keeps for a connection
  const { createServer } = await import('node:http');
  const server = createServer((_request, response) => response.end(Buffer.alloc(size))).listen(0, '127.0.0.1');
  endStalledReaders(server, 1000);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ask = () =>
    connect(port, '127.0.0.1', function (this: Socket) {
      this.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    }).on('error', () => {});
  const served = once(server, 'connection');
  const stalled = ask().pause();
  const [connection] = (await served) as [Socket];
  await once(connection, 'close');
  stalled.destroy();

  let taken = 0;
  for await (const chunk of ask()) {
    taken += (chunk as Buffer).length;
    if (taken < 16e6) await new Promise((resolve) => setTimeout(resolve, 10)); // longer than the wait in all
  }
  expect(taken).toBeGreaterThan(size);
  server.close();
});

test('attack 24: a client that sends its headers or its body drop by drop is cut off, and others are served meanwhile', async () => {
  await using opened = await open();
  const socket = await dial(opened);
  socket.write('GET /hello HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
  const drip = setInterval(() => socket.write('x'), 500);
  const closed = once(socket, 'close');
  socket.resume();
  expect((await call(opened, '/hello', { headers: host })).status).toBe(200);
  await closed;
  clearInterval(drip);
}, 40_000);

test('attack 24: a body that stands still ends its connection', async () => {
  const ended = Promise.withResolvers<void>();
  const { createServer } = await import('node:http');
  const server = createServer().listen(0, '127.0.0.1');
  endIdleBodies(server, 200);
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
  socket.once('close', () => ended.resolve());
  socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{');
  await ended.promise;
  server.closeAllConnections();
  server.close();
});

test('attack 25: connections of one address are bounded', async () => {
  await using opened = await open({ connectionsPerAddress: 20 });
  const sockets = await Promise.all(Array.from({ length: 20 }, () => dial(opened)));
  const extra = connect(opened.port, '127.0.0.1').on('error', () => {});
  await once(extra, 'close');
  sockets[0]?.destroy();
  await expect.poll(async () => (await call(opened, '/hello', { headers: host }).catch(() => ({ status: 0 }))).status).toBe(200);
  for (const socket of sockets) socket.destroy();
});
