import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { locateDataFolder, makeDataFolder, systemClock } from '@cluster-ai/runtime';
import { afterEach, describe, expect, test } from 'vitest';
import { openCertificates } from '../nodes/certificates.ts';
import { kindOfAddress } from './addresses.ts';
import { checkUrl } from './check-url.ts';
import { createOutgoingClient, type OutgoingClientOptions } from './outgoing-client.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A server on this machine, and how often it was asked. */
async function serve(answer: RequestListener) {
  const seen: { url: string; headers: Record<string, unknown> }[] = [];
  const server = createServer((request, response) => {
    seen.push({ url: request.url ?? '', headers: request.headers });
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { port, seen };
}

const here = async () => [{ address: '127.0.0.1', family: 4 }];

/** May call `lab.test`, which is this machine, at these ports without TLS, and nothing else. */
const clientFor = (ports: readonly number[], more: Partial<OutgoingClientOptions> = {}) => {
  const hosts = ports.map((port) => `lab.test:${port}`);
  return createOutgoingClient({ policy: { allowedHosts: hosts, plainHosts: hosts }, resolve: here, ...more });
};
/** Everything is answered by name, and nothing may be called but the internet. */
const strict = (resolve: OutgoingClientOptions['resolve'] = here) =>
  createOutgoingClient({ policy: { allowedHosts: [], plainHosts: [] }, resolve });

const refused = { code: 'address_refused' };
const failed = { code: 'remote_failed' };

test('an address that is allowed is called, and its answer comes whole', async () => {
  const { port, seen } = await serve((_request, response) => response.setHeader('x-kind', 'test').end('hello'));
  const answer = await clientFor([port]).send({ url: `http://lab.test:${port}/a?b=c`, headers: { accept: 'text/plain' } });
  expect([answer.status, answer.body.toString(), answer.headers.get('x-kind')]).toEqual([200, 'hello', 'test']);
  expect(seen).toMatchObject([{ url: '/a?b=c', headers: { host: `lab.test:${port}`, accept: 'text/plain' } }]);
});

describe('attack 8: an inner address', () => {
  test.each([
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0177.0.0.1/',
    'https://0x7f.1/',
    'https://１２７.０.０.１/',
    'https://0/',
    'https://0.0.0.0/',
    'https://10.1.2.3/',
    'https://172.16.0.1/',
    'https://192.168.1.1/',
    'https://100.64.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://2852039166/latest/meta-data/',
    'https://100.100.100.200/',
    'https://168.63.129.16/',
    'https://255.255.255.255/',
    'https://224.0.0.1/',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:a9fe:a9fe]/',
    'https://[::127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[fe80::1]/',
    'https://[fc00::1]/',
    'https://[fd00:ec2::254]/',
    'https://user:password@127.0.0.1/',
    'http://example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'gopher://127.0.0.1:6379/_FLUSHALL',
    'data:text/plain,x',
    'not an address',
  ])('%s is not called', async (url) => {
    let asked = 0;
    const client = strict(async () => {
      asked++;
      return here();
    });
    await expect(client.send({ url })).rejects.toMatchObject(refused);
    expect(asked).toBe(0);
  });

  test.each(['localhost', 'LOCALHOST.', 'inner.example', 'a.localhost'])('%s is not called, whatever the name promises', async (host) => {
    await expect(strict().send({ url: `https://${host}/` })).rejects.toMatchObject(refused);
  });

  test('a host whose name has an inner address among others is not called', async () => {
    const mixed = async () => [
      { address: '8.8.8.8', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ];
    await expect(strict(mixed).send({ url: 'https://mixed.example/' })).rejects.toMatchObject(refused);
  });

  test('where credentials are handed out nobody is sent, allowed or not', async () => {
    const policy = { allowedHosts: ['169.254.169.254', 'metadata.test'], plainHosts: ['169.254.169.254', 'metadata.test'] };
    const client = createOutgoingClient({ policy, resolve: async () => [{ address: '169.254.169.254', family: 4 }] });
    for (const url of ['http://169.254.169.254/', 'http://metadata.test/', 'http://[::ffff:169.254.169.254]/'])
      await expect(client.send({ url })).rejects.toMatchObject(refused);
  });

  test('a port beside the allowed one is not called', async () => {
    const { port, seen } = await serve((_request, response) => response.end());
    await expect(clientFor([port + 1]).send({ url: `http://lab.test:${port}/` })).rejects.toMatchObject(refused);
    expect(seen).toEqual([]);
  });

  test.each([
    ['8.8.8.8', 'public'],
    ['2606:4700::1111', 'public'],
    ['192.168.0.9', 'inner'],
    ['fd12::1', 'inner'],
    ['198.18.0.1', 'never'],
    ['2001:db8::1', 'never'],
    ['no address', 'never'],
  ])('%s is %s', (address, kind) => expect(kindOfAddress(address)).toBe(kind));
});

describe('attack 9: an answer that sends us to an inner address', () => {
  test.each([301, 302, 303, 307, 308])('is not followed there (%i)', async (status) => {
    const inner = await serve((_request, response) => response.end('inner'));
    const outer = await serve((_request, response) =>
      response.writeHead(status, { location: `http://127.0.0.1:${inner.port}/secret` }).end(),
    );
    await expect(clientFor([outer.port]).send({ url: `http://lab.test:${outer.port}/` })).rejects.toMatchObject(refused);
    expect(inner.seen).toEqual([]);
  });

  test('is followed a few times, and not for ever', async () => {
    const { port, seen } = await serve((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left === 0) response.end('there');
      else response.writeHead(302, { location: `/${left - 1}` }).end();
    });
    const client = clientFor([port]);
    expect(await client.send({ url: `http://lab.test:${port}/3` })).toMatchObject({ status: 200, url: `http://lab.test:${port}/0` });
    await expect(client.send({ url: `http://lab.test:${port}/9` })).rejects.toMatchObject(failed);
    expect(seen).toHaveLength(8);
  });

  test('takes no credentials along to another host, and nothing that was written', async () => {
    const other = await serve((_request, response) => response.end());
    const { port } = await serve((_request, response) => response.writeHead(302, { location: `http://lab.test:${other.port}/` }).end());
    const client = clientFor([port, other.port]);
    await client.send({ url: `http://lab.test:${port}/`, headers: { Authorization: 'Bearer x', cookie: 'a=b', 'x-kept': 'yes' } });
    expect(other.seen[0]?.headers).toMatchObject({ 'x-kept': 'yes' });
    expect(other.seen[0]?.headers).not.toHaveProperty('authorization');
    expect(other.seen[0]?.headers).not.toHaveProperty('cookie');
    await expect(client.send({ url: `http://lab.test:${port}/`, method: 'POST', body: 'secret' })).rejects.toMatchObject(failed);
    expect(other.seen).toHaveLength(1);
  });
});

describe('attack 10: an address that parsers read differently', () => {
  test.each([
    'https://example.com\\@127.0.0.1/',
    'https:\\\\127.0.0.1\\',
    'https://exam\tple.com/',
    'https://example.com\n.evil.example/',
    ' https://example.com/',
    'https://example.com#@127.0.0.1/ ',
    'https://127.0.0.1%2f@example.com/',
    'https://example.com:443:80/',
    'https://①②⑦.0.0.1/',
    'https://127。0。0。1/',
    'https:///127.0.0.1/',
    'https:127.0.0.1',
  ])('%j is not called, whatever its name would be', (url) => {
    expect(() => checkUrl(url, { allowedHosts: [], plainHosts: [] })).toThrow(expect.objectContaining(refused));
  });

  test('a name that begins with an allowed one is another name', async () => {
    const { port, seen } = await serve((_request, response) => response.end());
    const client = clientFor([port]);
    for (const url of [`http://lab.test.evil.example:${port}/`, `http://xlab.test:${port}/`, `http://lab.test:${port}@127.0.0.1:${port}/`])
      await expect(client.send({ url })).rejects.toMatchObject(refused);
    expect(seen).toEqual([]);
  });
});

test('attack 11: a name is looked up once, and what was checked is what is called', async () => {
  const { port, seen } = await serve((request, response) => response.end(request.socket.localAddress));
  const answers = ['127.0.0.1', '127.0.0.2'];
  let asked = 0;
  const client = clientFor([port], { resolve: async () => [{ address: answers[asked++] ?? '127.0.0.3', family: 4 }] });
  expect((await client.send({ url: `http://lab.test:${port}/` })).body.toString()).toBe('127.0.0.1');
  expect([asked, seen.length]).toEqual([1, 1]);

  let turn = 0; // harmless when it is checked, this machine when it is asked again
  const rebinding = createOutgoingClient({
    policy: { allowedHosts: [], plainHosts: [`rebind.test:${port}`] },
    resolve: async () => [{ address: turn++ === 0 ? '10.0.0.1' : '127.0.0.1', family: 4 }],
  });
  await expect(rebinding.send({ url: `http://rebind.test:${port}/` })).rejects.toMatchObject(refused);
  expect(seen).toHaveLength(1);
});

describe('an answer is bounded', () => {
  test('in bytes', async () => {
    const { port } = await serve((_request, response) => {
      const piece = Buffer.alloc(64 * 1024);
      const write = () => {
        while (response.writable && response.write(piece));
        response.once('drain', write);
      };
      write();
    });
    await expect(clientFor([port]).send({ url: `http://lab.test:${port}/` })).rejects.toMatchObject({
      ...failed,
      message: expect.stringContaining('more than'),
    });
  });

  test('in headers', async () => {
    const { port } = await serve((_request, response) => response.setHeader('x-large', 'x'.repeat(20_000)).end());
    await expect(clientFor([port]).send({ url: `http://lab.test:${port}/` })).rejects.toMatchObject(failed);
  });

  test.each([
    ['never begins', () => {}],
    ['never ends', (_request: unknown, response: { write(text: string): void }) => response.write('x')],
  ] as const)('in time, when it %s', async (_what, answer) => {
    const { port } = await serve(answer as RequestListener);
    await expect(clientFor([port], { timeoutMs: 100 }).send({ url: `http://lab.test:${port}/` })).rejects.toMatchObject({
      ...failed,
      message: expect.stringContaining('within 0.1 s'),
    });
  });

  test('in time, when no name server answers', async () => {
    const client = clientFor([1], { timeoutMs: 100, resolve: () => new Promise(() => {}) });
    await expect(client.send({ url: 'http://lab.test:1/' })).rejects.toMatchObject(failed);
  });

  test('and ends when whoever asked goes away', async () => {
    const { port } = await serve(() => {});
    const stop = new AbortController();
    const waiting = clientFor([port]).send({ url: `http://lab.test:${port}/` }, stop.signal);
    stop.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
  });
});

test('a proxy of the environment is not used', async () => {
  const proxy = await serve((_request, response) => response.end('from the proxy'));
  const { port } = await serve((_request, response) => response.end('direct'));
  const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY', 'NODE_USE_ENV_PROXY'];
  const before = names.map((name) => process.env[name]);
  for (const name of names) process.env[name] = name === 'NODE_USE_ENV_PROXY' ? '1' : `http://127.0.0.1:${proxy.port}`;
  try {
    expect((await clientFor([port]).send({ url: `http://lab.test:${port}/` })).body.toString()).toBe('direct');
  } finally {
    for (const [index, name] of names.entries()) {
      if (before[index] === undefined) delete process.env[name];
      else process.env[name] = before[index];
    }
  }
  expect(proxy.seen).toEqual([]);
});

test('a host proves by its certificate that it has the name that was meant', async () => {
  const root = mkdtempSync(join(tmpdir(), 'cluster-ai-outgoing-'));
  closers.push(() => rmSync(root, { recursive: true, force: true }));
  const folder = locateDataFolder(root, {});
  makeDataFolder(folder);
  const certificates = await openCertificates({ folder, clock: systemClock });
  const { key, certificate } = await certificates.issueForServer(['lab.test']);
  const server = createSecureServer({ key, cert: certificate }, (_request, response) => response.end('proven')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const policy = { allowedHosts: [`lab.test:${port}`, `other.test:${port}`], plainHosts: [] };
  const trusting = createOutgoingClient({ policy, resolve: here, authorities: [certificates.authority] });
  expect((await trusting.send({ url: `https://lab.test:${port}/` })).body.toString()).toBe('proven');
  await expect(trusting.send({ url: `https://other.test:${port}/` })).rejects.toMatchObject(failed);
  await expect(createOutgoingClient({ policy, resolve: here }).send({ url: `https://lab.test:${port}/` })).rejects.toMatchObject(failed);
});
