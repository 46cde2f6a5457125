import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { endSlowBodies } from './check-body.ts';

/** Sends so many bytes every 20 ms for half a second, and says whether it was let finish. */
async function send(contentType: string, bytes: number): Promise<'finished' | 'ended'> {
  const server = createServer((incoming, response) => {
    incoming.resume();
    incoming.on('end', () => response.end());
  });
  endSlowBodies(server, { wholeMs: 200, windowMs: 100, leastBytes: 100 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const asked = request({ port, host: '127.0.0.1', method: 'POST', agent: false, headers: { 'content-type': contentType } });
  const ended = new Promise<'finished' | 'ended'>((resolve) => {
    asked.on('response', () => resolve('finished'));
    asked.on('error', () => resolve('ended'));
  });
  const timer = setInterval(() => asked.write('x'.repeat(bytes)), 20);
  setTimeout(() => {
    clearInterval(timer);
    asked.end();
  }, 500);
  return ended;
}

test('attack 13: a body that drips is ended, also one of a file; a file that keeps coming is not', async () => {
  expect(await send('application/json', 1000)).toBe('ended');
  expect(await send('application/octet-stream', 1)).toBe('ended');
  expect(await send('application/octet-stream', 1000)).toBe('finished');
  expect(await send('multipart/form-data; boundary=x', 1)).toBe('ended');
});
