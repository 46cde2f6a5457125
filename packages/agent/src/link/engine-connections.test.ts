import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { EngineConnections, type EngineRequest } from './engine-connections.ts';

const folder = mkdtempSync(join(tmpdir(), 'cai-engine-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An engine whose queue of new connections is full with one. */
async function openEngine(name: string) {
  const socketPath = join(folder, name);
  let connections = 0;
  const server = createServer((_request, response) => response.end('yes'));
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen({ path: socketPath, backlog: 1 }, resolve));
  const agent = new EngineConnections();
  const ask = (signal = new AbortController().signal) =>
    new Promise<string>((resolve) => {
      const wish: EngineRequest = { agent, socketPath, signal, cancellation: signal };
      const asked = request(wish, (response) => {
        response.resume().once('end', () => resolve('answered'));
      });
      asked.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.name));
      asked.end();
    });
  return {
    ask,
    connections: () => connections,
    [Symbol.dispose]: () => {
      agent.destroy();
      server.close();
    },
  };
}

test('more requests than the engine’s queue takes all get through', async () => {
  using engine = await openEngine('busy.sock');
  const answers = await Promise.all(Array.from({ length: 300 }, () => engine.ask()));
  expect(new Set(answers)).toEqual(new Set(['answered']));
});

test('connections are used again', async () => {
  using engine = await openEngine('again.sock');
  for (let number = 0; number < 10; number++) expect(await engine.ask()).toBe('answered');
  expect(engine.connections()).toBe(1);
});

test('requests that were given up while they waited do not reach the engine', async () => {
  using engine = await openEngine('cancelled.sock');
  const cancel = new AbortController();
  const asked = Array.from({ length: 5000 }, () => engine.ask(cancel.signal));
  cancel.abort();
  await Promise.all(asked);
  expect(await engine.ask()).toBe('answered');
  expect(engine.connections()).toBeLessThan(100);
});

test('an engine that is gone is told at once', async () => {
  using engine = await openEngine('gone.sock');
  rmSync(join(folder, 'gone.sock'));
  expect(await engine.ask()).toBe('ENOENT');
});
