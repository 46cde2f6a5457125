import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { configShape } from '@cluster-ai/contracts';
import { silentLogger } from '@cluster-ai/runtime';
import { expect, test } from 'vitest';
import { admitEverybody } from '../../packages/control-plane/src/access/testing/admit-everybody.ts';
import { renderProblem } from '../../packages/control-plane/src/doors/native/problem.ts';
import { createListener } from '../../packages/control-plane/src/listeners/create-listener.ts';
import { hasNginx, startNginx } from '../support/start-nginx.ts';

const isPublic = { permission: 'public', why: 'a test' } as const;

/** Our listener behind nginx, which lets nobody through to `/models`: whoever gets there has hidden the request in another one. */
async function openScene() {
  const config = configShape.parse({ listeners: { trustedProxies: ['127.0.0.1'] } });
  const { app } = createListener({ config, log: silentLogger, admission: admitEverybody, renderError: renderProblem });
  const changed: string[] = [];
  app.get('/hello', { config: isPublic }, async ({ ip, host }) => ({ hello: 'world', ip, host }));
  app.post('/echo', { config: isPublic }, async ({ body }) => ({ echo: body }));
  for (const method of ['GET', 'POST', 'DELETE'] as const)
    app.route({ method, url: '/models', config: isPublic, handler: async () => changed.push(method) });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port: backendPort } = app.server.address() as AddressInfo;
  const nginx = await startNginx({
    backendPort,
    server: 'location ^~ /models { return 403; }',
    location: 'proxy_set_header Host localhost; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
  });
  return {
    port: nginx.port,
    changed,
    async [Symbol.asyncDispose]() {
      await nginx[Symbol.asyncDispose]();
      await app.close();
    },
  };
}
type Scene = Awaited<ReturnType<typeof openScene>>;

/** Bytes as no client would send them; all that came back until the other end closed, or for a second after the last. */
async function sendRaw({ port }: Scene, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  let text = '';
  socket.on('data', (chunk) => (text += chunk));
  socket.setTimeout(1000, () => socket.destroy());
  socket.write(bytes);
  await once(socket, 'close');
  return text;
}

const hidden = 'DELETE /models HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n';
const head = 'POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
const chunked = `${head}Transfer-Encoding: chunked\r\n`;
const attempts = [
  ['length and chunks', `${head}Content-Length: ${5 + hidden.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`],
  ['chunks and length', `${chunked}Content-Length: 4\r\n\r\n5c\r\n${hidden}\r\n0\r\n\r\n`],
  ['two lengths', `${head}Content-Length: 2\r\nContent-Length: ${2 + hidden.length}\r\n\r\n{}${hidden}`],
  ['two codings', `${chunked}Transfer-Encoding: identity\r\n\r\n0\r\n\r\n${hidden}`],
  ['a coding with a tab', `${head}Transfer-Encoding:\tchunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n${hidden}`],
  [
    'a coding with a vertical tab',
    `${head}Transfer-Encoding: \x0bchunked\r\nContent-Length: ${5 + hidden.length}\r\n\r\n0\r\n\r\n${hidden}`,
  ],
  ['a coding of another name', `${head}Transfer_Encoding: chunked\r\nContent-Length: ${5 + hidden.length}\r\n\r\n0\r\n\r\n${hidden}`],
  ['a space before the colon', `${head}Content-Length : 2\r\n\r\n{}${hidden}`],
  ['a folded header', `${head}X-A: b\r\n Content-Length: 2\r\n\r\n{}${hidden}`],
  ['a chunk size with an extension', `${chunked}\r\n2;a=\r\n{}\r\n0\r\n\r\n${hidden}`],
  ['a chunk size with a sign', `${chunked}\r\n+2\r\n{}\r\n0\r\n\r\n${hidden}`],
  ['a chunk that ends with a bare line feed', `${chunked}\r\n2\n{}\n0\n\n${hidden}`],
  ['a trailer', `${chunked}\r\n2\r\n{}\r\n0\r\nContent-Length: 90\r\n\r\n${hidden}`],
  ['a body of GET', `GET /hello HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`],
  [
    'an upgrade',
    `GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n${hidden}`,
  ],
  ['a line break in the address', `GET /hello%0d%0aX:%20HTTP/1.1%0d%0a HTTP/1.1\r\nHost: localhost\r\n\r\n${hidden}`],
  ['a path that is another one', 'DELETE /x/..%2fmodels HTTP/1.1\r\nHost: localhost\r\n\r\n'],
] as const;

test.skipIf(!(await hasNginx()))(
  'attack 48: behind nginx as well no request hides in another one, and none gets the answer of another',
  async () => {
    await using scene = await openScene();
    for (const [what, bytes] of attempts) {
      await sendRaw(scene, bytes);
      expect(scene.changed, what).toEqual([]);
      // the connection that nginx keeps to us is not out of step: the next one gets its own answer
      const answer = await fetch(`http://127.0.0.1:${scene.port}/echo`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ after: what }),
      });
      expect(await answer.json(), what).toEqual({ echo: { after: what } });
    }
  },
);

test.skipIf(!(await hasNginx()))('attack 49: behind nginx a stranger is known by the address that nginx saw', async () => {
  await using scene = await openScene();
  const headers = { host: 'localhost', 'x-forwarded-for': '203.0.113.9', 'x-forwarded-host': 'evil.example', 'x-real-ip': '203.0.113.9' };
  const [answer] = (await once(
    request({ host: '127.0.0.1', port: scene.port, path: '/hello', localAddress: '127.0.0.2', headers }).end(),
    'response',
  )) as [IncomingMessage];
  expect(JSON.parse((await answer.toArray()).join(''))).toEqual({ hello: 'world', ip: '127.0.0.2', host: 'localhost' });
});
