import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { ClusterError, configShape } from '@cluster-ai/contracts';
import { silentLogger } from '@cluster-ai/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { admitEverybody } from '../access/testing/admit-everybody.ts';
import { renderProblem } from '../doors/native/problem.ts';
import { createListener } from './create-listener.ts';

const config = configShape.parse({ listeners: { allowedHosts: ['cluster.lan'] } });
const isPublic = { permission: 'public', why: 'a test' } as const;

function createTestListener() {
  const shell = createListener({ config, log: silentLogger, admission: admitEverybody, renderError: renderProblem });
  shell.app.get('/hello', { config: isPublic }, async () => ({ hello: 'world' }));
  shell.app.post('/echo', { config: isPublic }, async (request) => request.body);
  shell.app.get('/broken', { config: isPublic }, async () => {
    throw new Error('secret detail');
  });
  shell.app.get('/busy', { config: isPublic }, async () => {
    throw new ClusterError('overloaded', 'The queue is full.', { retryAfterSeconds: 7 });
  });
  return shell;
}

let shell: ReturnType<typeof createTestListener>;
let port: number;
beforeEach(async () => {
  shell = createTestListener();
  await shell.app.listen({ host: '127.0.0.1', port: 0 });
  port = (shell.app.server.address() as AddressInfo).port;
});
afterEach(() => shell.app.close());

function call(
  path: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: string } = {},
) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Sends bytes as they are, for requests that no HTTP client would make. */
function callRaw(text: string) {
  return new Promise<string>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk));
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
  });
}

describe('who may call', () => {
  test.each(['localhost', '127.0.0.1', '127.9.9.9', '[::1]', 'LOCALHOST', 'cluster.lan', 'localhost.'])(
    'the host %s is served',
    async (host) => {
      expect((await call('/hello', { headers: { host: `${host}:${port}` } })).status).toBe(200);
    },
  );

  test.each([
    'evil.example',
    'localhost.evil.example',
    '10.0.0.1',
    '[fe80::1%25eth0]',
    'evil@localhost',
    '0.0.0.0',
    'cluster.lan.evil',
    '127.0.0.1.nip.io',
  ])('the host %s is refused, whatever the method and the route', async (host) => {
    for (const [method, path] of [
      ['GET', '/hello'],
      ['DELETE', '/hello'],
      ['OPTIONS', '/nothing'],
      ['POST', '/echo'],
    ] as const) {
      const answer = await call(path, { method, headers: { host } });
      expect(answer.status).toBe(403);
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'host_not_allowed' });
    }
  });

  test('two Host headers are refused', async () => {
    expect(await callRaw('GET /hello HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1.1 40[03]/,
    );
  });

  test('an absolute request target is refused', async () => {
    expect(await callRaw('GET http://evil.example/hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1.1 40[034]/,
    );
  });

  test('a page of another site is refused, our own page is not', async () => {
    const host = `localhost:${port}`;
    expect((await call('/hello', { headers: { host, origin: 'https://evil.example' } })).status).toBe(403);
    expect((await call('/hello', { headers: { host, origin: 'null' } })).status).toBe(403);
    expect((await call('/hello', { headers: { host, origin: 'http://localhost:9999' } })).status).toBe(403);
    expect((await call('/hello', { headers: { host, 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
    expect((await call('/hello', { headers: { host, origin: `http://${host}` } })).status).toBe(200);
  });
});

describe('what a route must declare', () => {
  test('a route without a permission stops the start', () => {
    expect(() => shell.app.get('/forgotten', async () => 'x')).toThrow();
    const other = createListener({ config, log: silentLogger, admission: admitEverybody, renderError: renderProblem });
    expect(() => other.app.get('/forgotten', async () => 'x')).toThrow('declares no permission');
    expect(() => other.app.get('/why', { config: { permission: 'public' } }, async () => 'x')).toThrow('does not say why');
  });

  test('all routes are listed with their permission', () => {
    expect(shell.routes).toContainEqual({ method: 'GET', path: '/hello', permission: 'public' });
    expect(shell.routes).toContainEqual({ method: 'HEAD', path: '/hello', permission: 'public' });
  });
});

describe('errors', () => {
  const json = { 'content-type': 'application/json' };
  test('an unknown route says so', async () => {
    expect(JSON.parse((await call('/nothing')).body)).toMatchObject({ status: 404, code: 'unknown_route', instance: '/nothing' });
  });
  test('broken JSON says so', async () => {
    expect(JSON.parse((await call('/echo', { method: 'POST', headers: json, body: '{' })).body)).toMatchObject({
      status: 400,
      code: 'invalid_json',
    });
  });
  test('a body that is too large says so', async () => {
    const answer = await call('/echo', {
      method: 'POST',
      headers: { ...json, 'content-length': String(900 * 1024 * 1024) },
      body: '{}',
    }).catch(() => undefined);
    if (answer) expect(JSON.parse(answer.body)).toMatchObject({ status: 413, code: 'payload_too_large' });
  });
  test('an error of ours tells no detail', async () => {
    const { body, status } = await call('/broken');
    expect(status).toBe(500);
    expect(body).not.toContain('secret detail');
  });
  test('a retryable error says when', async () => {
    expect((await call('/busy')).headers['retry-after']).toBe('7');
  });
});

test('in a clone, the next step of an error names commands as they are typed there; all else of the error stays', async () => {
  const { app } = createListener({
    config,
    log: silentLogger,
    admission: admitEverybody,
    renderError: renderProblem,
    program: 'npx cluster-ai',
  });
  app.get('/none', { config: isPublic }, async () => {
    throw new ClusterError('model_not_found', 'There is no model "x".', { hint: 'See `cluster-ai models ls`.', param: 'model' });
  });
  const answer = await app.inject({ url: '/none', headers: { host: '127.0.0.1' } });
  expect(answer.json()).toMatchObject({
    code: 'model_not_found',
    detail: 'There is no model "x".',
    hint: 'See `npx cluster-ai models ls`.',
    param: 'model',
  });
  await app.close();
});
