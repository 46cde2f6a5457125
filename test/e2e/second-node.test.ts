import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createClusterClient } from '@cluster-ai/client';
import type { Node } from '@cluster-ai/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { childrenOf, eventually, startCluster, type TestCluster } from '../support/start-cluster.ts';

const cli = join(import.meta.dirname, '../../packages/cli/src/main.ts');
let cluster: TestCluster;
const joined: ChildProcess[] = [];
beforeAll(async () => {
  cluster = await startCluster();
});
afterEach(async () => {
  for (const child of joined.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
});
afterAll(async () => {
  await cluster.stop();
  await rm(`${cluster.dataFolder}-second`, { recursive: true, force: true });
});

const nodes = async () => ((await (await fetch(`${cluster.url}/api/v1/nodes`)).json()) as { nodes: Node[] }).nodes;
const second = async (state: string) => (await nodes()).find((node) => !node.isLocal && node.condition.state === state);

/** Every reason that the second node gives from now on: a state may pass between two looks. */
async function hearReasons(signal: AbortSignal): Promise<readonly string[]> {
  const reasons: string[] = [];
  const connected = Promise.withResolvers<void>();
  const listen = async () => {
    for await (const { event } of createClusterClient({ baseUrl: cluster.url }).watchEvents({ signal, onActivity: connected.resolve }))
      if (event.type === 'node.changed' && !event.node.isLocal) reasons.push(event.node.condition.reason);
  };
  listen().catch(connected.reject); // the end of the test ends it too, by its signal
  await connected.promise;
  return reasons;
}

async function invite(): Promise<{ address: string; token: string; command: string }> {
  const { stdout, stderr, code } = await cluster.cli('nodes', 'invite', '--json', '--listen-host', '127.0.0.1');
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as { address: string; token: string; command: string };
}

function join_(address: string, token: string, folder = `${cluster.dataFolder}-second`) {
  const child = spawn(process.execPath, [cli, 'join', address, '--token', token, '--name', 'second', '--data-dir', folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LANG: 'C' },
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  joined.push(child);
  return { child, output: () => output };
}

describe('a second node', () => {
  test('joins with one line, is listed, frozen and thawed, killed and started again', async () => {
    const { address, token, command } = await invite();
    expect(command).toContain(`join ${address} --token ${token}`);
    const { child, output } = join_(address, token);
    const node = await eventually(`the second node is ready\n${output()}`, () => second('ready'));
    const listed = await cluster.cli('nodes', 'ls');
    expect(listed.stdout).toContain('second');

    const agent = (await childrenOf(child.pid ?? -1)).find(({ command }) => command.includes('agent'))?.pid ?? -1;
    const watching = new AbortController();
    const reasons = await hearReasons(watching.signal);
    process.kill(agent, 'SIGSTOP');
    const lost = await eventually('it is lost', () => second('unreachable'));
    expect(lost.condition.reason).toBe('heartbeat_lost');
    await eventually('it was late first', () => reasons.includes('heartbeat_lost') && reasons.includes('heartbeat_late'));
    expect(reasons.indexOf('heartbeat_late')).toBeLessThan(reasons.indexOf('heartbeat_lost'));
    watching.abort();
    process.kill(agent, 'SIGCONT');
    await eventually('it is back', () => second('ready'));

    child.kill('SIGTERM');
    await once(child, 'exit');
    await eventually('it is gone', () => second('unreachable').then((found) => found ?? second('stopped')));
    join_(address, token); // the identity is kept: the used token is not needed again
    expect((await eventually('it is back after a restart', () => second('ready'))).id).toBe(node.id);
    expect(await nodes()).toHaveLength(2);
  });

  test('a used token is refused with a sentence that says so', async () => {
    const { address, token } = await invite();
    join_(address, token, `${cluster.dataFolder}-third`);
    await eventually('three nodes', async () => (await nodes()).length === 3);
    const { child, output } = join_(address, token, `${cluster.dataFolder}-fourth`);
    await once(child, 'exit');
    expect(child.exitCode).toBe(3);
    expect(output()).toMatch(/already used/);
    for (const suffix of ['third', 'fourth']) await rm(`${cluster.dataFolder}-${suffix}`, { recursive: true, force: true });
  });

  test('a token of another cluster is refused before it is sent', async () => {
    const other = await startCluster();
    const foreign = JSON.parse((await other.cli('nodes', 'invite', '--json', '--listen-host', '127.0.0.1')).stdout) as { token: string };
    const { address } = await invite();
    const { child, output } = join_(address, foreign.token, `${cluster.dataFolder}-fifth`);
    await once(child, 'exit');
    expect(output()).toMatch(/not the (one|cluster)|another cluster/);
    await other.stop();
    await rm(`${cluster.dataFolder}-fifth`, { recursive: true, force: true });
  });
});
