import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { locateDataFolder, makeDataFolder } from '@cluster-ai/runtime';
import { type FastifyInstance, fastify } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isLoopback } from './allowed-hosts.ts';
import { type ListenWish, openListener } from './open-listener.ts';

let root: string;
let apps: FastifyInstance[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'listener-'));
  makeDataFolder(locateDataFolder(root, {}));
});
afterEach(async () => {
  for (const app of apps) await app.close();
  apps = [];
  await rm(root, { recursive: true });
});

const nobodyYet = () => ({ allowed: false, reason: 'nobody has a login or a key.', hint: 'Make a key.' });
const somebody = () => ({ allowed: true, reason: '', hint: '' });

const open = (wish: Partial<ListenWish> & { port: number }) => {
  const app = fastify();
  apps.push(app);
  const rest = {
    host: '127.0.0.1',
    whenTaken: 'fail',
    isEncrypted: false,
    isPlainHttpAccepted: false,
    mayLeaveLoopback: nobodyYet,
  } as const;
  return openListener(app, { name: 'main', ...rest, ...wish }, locateDataFolder(root, {}));
};

/** A port that somebody else has. */
async function takePort(): Promise<{ port: number; release: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return { port, release: () => new Promise((resolve) => server.close(() => resolve())) };
}

describe('where a listener may listen', () => {
  // 192.0.2.1 is an address for documentation that no machine has: without the guard the system would refuse it in other words
  test.each(['0.0.0.0', '::', '192.0.2.1', 'example.org'])('not on %s, and it says why', async (host) => {
    await expect(open({ host, port: 0 })).rejects.toMatchObject({ code: 'listen_refused', hint: expect.stringContaining('ssh -L') });
  });

  test('beyond loopback only once there is somebody to let in, and only with TLS or the long flag', async () => {
    const host = '192.0.2.1'; // of no machine, so that nothing opens: to be told so is to be let pass
    const wish = { host, port: 0, mayLeaveLoopback: somebody };
    await expect(open({ host, port: 0, isEncrypted: true, isPlainHttpAccepted: true })).rejects.toMatchObject({
      code: 'listen_refused',
      message: expect.stringContaining('nobody has a login or a key.'),
      hint: expect.stringContaining('Make a key.'),
    });
    await expect(open(wish)).rejects.toMatchObject({
      code: 'listen_refused',
      message: expect.stringContaining('without TLS'),
      hint: expect.stringContaining('listeners.main.tls'),
    });
    await expect(open({ ...wish, isEncrypted: true })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
    await expect(open({ ...wish, isPlainHttpAccepted: true })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  });

  test('loopback is known in all its forms', () => {
    expect(['127.0.0.1', '127.1.2.3', '::1', '[::1]', 'localhost', '0:0:0:0:0:0:0:1'].map(isLoopback)).not.toContain(false);
    expect(['127.0.0.1.evil.example', '10.0.0.1', '::', '::ffff:10.0.0.1', '', '1'].map(isLoopback)).not.toContain(true);
  });
});

describe('a taken port', () => {
  test('that somebody named is an error', async () => {
    const { port, release } = await takePort();
    await expect(open({ port })).rejects.toMatchObject({ code: 'port_taken', message: expect.stringContaining(String(port)) });
    await release();
  });

  test('that is a default moves to a free one, which is kept for the next start', async () => {
    const { port, release } = await takePort();
    const moved = await open({ port, whenTaken: 'move' });
    expect(moved).not.toBe(port);
    expect(Number(await readFile(join(root, 'state/main.port'), 'utf8'))).toBe(moved);
    await apps[0]?.close();
    await release();
    expect(await open({ port, whenTaken: 'move' })).toBe(moved);
  });
});
