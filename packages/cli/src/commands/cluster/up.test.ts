import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Bench, isAlive, until } from '../../../fixtures/run-program.ts';

const pidsOf = (bench: Bench) => [...bench.starts('control-plane'), ...bench.starts('agent')].map(({ pid }) => pid);
const last = <T>(values: readonly T[]): T => {
  const value = values.at(-1);
  if (value === undefined) throw new Error('There is none.');
  return value;
};

test('prints one JSON object when it is ready, and ends with everything it started on Ctrl-C', async () => {
  await using bench = new Bench();
  const up = await bench.up();
  const report = JSON.parse(
    up
      .output()
      .split('\n')
      .find((line) => line.startsWith('{')) ?? '',
  );
  expect(report).toMatchObject({ clusterName: 'test', dataFolder: bench.folder, node: { id: 'node_1', hardware: { cpuCores: 2 } } });
  up.process.kill('SIGINT');
  const { code, stdout } = await up.ended;
  expect(code).toBe(0);
  expect(stdout.trim().split('\n')).toHaveLength(1);
  expect(pidsOf(bench).filter(isAlive)).toEqual([]);
  expect(readdirSync(join(bench.folder, 'run'))).toEqual([]);
});

test('says for people what it found, what it writes, where it is, three things to try, and how to become the admin', async () => {
  await using bench = new Bench();
  const up = bench.start(['up', '--port', '0']);
  await until(() => up.output().includes('Ctrl-C'));
  for (const said of [bench.folder, 'A processor × 2 · 8.0 GiB · no GPU', '/ui', 'run starter', 'nodes invite', '/ui/setup#one-use'])
    expect(up.output()).toContain(said);
});

test('gives the agent the token and the address that the control plane made for it', async () => {
  await using bench = new Bench();
  await bench.up();
  expect(bench.starts('agent')).toMatchObject([{ token: 'one-use', linkAddress: '127.0.0.1:7443' }]);
});

test('a second one in the same folder is told who runs there', async () => {
  await using bench = new Bench();
  const first = await bench.up();
  const second = await bench.run(['up', '--json']);
  expect(second.code).toBe(1);
  expect(JSON.parse(second.stderr).error).toMatchObject({ code: 'already_running', details: { pid: first.process.pid } });
  expect(isAlive(first.process.pid ?? 0)).toBe(true);
});

test('of two that start at once over a stale socket exactly one wins', async () => {
  await using bench = new Bench();
  const killed = await bench.up();
  killed.process.kill('SIGKILL');
  await killed.ended;
  const both = [bench.start(['up', '--json', '--port', '0']), bench.start(['up', '--json', '--port', '0'])];
  await until(() => both.some((one) => one.output().includes('"url"')) && both.some((one) => one.process.exitCode !== null));
  expect(both.map((one) => one.process.exitCode).sort()).toEqual([1, null]);
  const alive = both.find((one) => one.process.exitCode === null);
  const down = await bench.run(['down', '--json']);
  expect(JSON.parse(down.stdout)).toMatchObject({ stopped: true, pid: alive?.process.pid });
});

test('what a kill -9 left behind ends, and the next start works', async () => {
  await using bench = new Bench();
  bench.script({ 'control-plane': { outlivesParent: true, ignoresTerm: true } });
  const killed = await bench.up();
  const [orphan] = bench.starts('control-plane');
  killed.process.kill('SIGKILL');
  await killed.ended;
  expect(isAlive(orphan?.pid ?? 0)).toBe(true);
  bench.script({});
  const next = await bench.up();
  expect(isAlive(orphan?.pid ?? 0)).toBe(false);
  expect(next.output()).toContain('was ended');
});

test('a process that has the number of one of ours, but is another, is left alone', async () => {
  await using bench = new Bench();
  const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  mkdirSync(join(bench.folder, 'run'), { recursive: true });
  const record = { name: 'agent', pid: stranger.pid, identity: 'another boot' };
  writeFileSync(join(bench.folder, 'run', 'processes.json'), JSON.stringify([record]));
  await bench.up();
  expect(isAlive(stranger.pid ?? 0)).toBe(true);
  stranger.kill();
});

test('when the script that started it is killed, everything ends', async () => {
  await using bench = new Bench();
  const up = bench.startThroughScript(['up', '--json', '--port', '0']);
  await until(() => up.output().includes('"url"'));
  up.process.kill('SIGKILL');
  await until(() => pidsOf(bench).every((pid) => !isAlive(pid)) && !existsSync(join(bench.folder, 'run', 'control.sock')));
});

test.each(['control-plane', 'agent'] as const)('a killed %s is started again', async (name) => {
  await using bench = new Bench();
  const up = await bench.up();
  process.kill(last(bench.starts(name)).pid, 'SIGKILL');
  await until(() => bench.starts(name).length === 2);
  expect(isAlive(last(bench.starts(name)).pid)).toBe(true);
  expect(up.process.exitCode).toBeNull();
});

test('a child that ignores SIGTERM is ended within the time', async () => {
  await using bench = new Bench();
  bench.script({ 'control-plane': { ignoresTerm: true }, agent: { ignoresTerm: true } });
  const up = await bench.up();
  up.process.kill('SIGTERM');
  expect((await up.ended).code).toBe(0);
  expect(pidsOf(bench).filter(isAlive)).toEqual([]);
});

test('what the control plane cannot do ends the program with its words', async () => {
  await using bench = new Bench();
  bench.script({ 'control-plane': { failWith: { code: 'port_taken', message: 'Port 3000 is taken.', hint: 'Choose another.' } } });
  const { code, stderr } = await bench.run(['up', '--port', '3000']);
  expect(code).toBe(1);
  expect(stderr).toContain('Port 3000 is taken.\n  → Choose another.');
});

test('a control plane that dies again and again is given up, with its last words', async () => {
  await using bench = new Bench();
  bench.script({ 'control-plane': { crash: true } });
  const { code, stderr } = await bench.run(['up', '--json']);
  expect(code).toBe(1);
  const line = last(stderr.trim().split('\n'));
  expect(JSON.parse(line).error.details.lines.join('\n')).toContain('a planted crash');
});

test('an agent that does not come is said, and with --wait ready it is the end', async () => {
  await using bench = new Bench();
  bench.script({ agent: { failWith: { code: 'certificate_refused', message: 'Refused.' } } });
  const patient = await bench.up(['--timeout', '0.3']);
  expect(patient.output()).toContain('"node":null');
  await until(() => patient.output().includes('Refused.'));
  await bench.run(['down']);
  const { code, stderr } = await bench.run(['up', '--json', '--port', '0', '--wait', 'ready', '--timeout', '0.3']);
  expect(code).toBe(6);
  expect(stderr).toContain('no_ready_node');
});

test('a folder that cannot be written is named', async () => {
  await using bench = new Bench();
  const file = join(bench.folder, 'a-file');
  writeFileSync(file, '');
  const { code, stderr } = await bench.run(['up', '--data-dir', join(file, 'below')]);
  expect(code).toBe(1);
  expect(stderr).toContain('a-file');
  expect(stderr).toContain('--data-dir');
});

test('a folder whose path is too long for a socket works all the same', async () => {
  await using bench = new Bench();
  const deep = join(bench.folder, 'x'.repeat(120));
  const up = await bench.up(['--data-dir', deep]);
  expect(up.process.exitCode).toBeNull();
  expect(existsSync(join(deep, 'run', 'control.sock'))).toBe(false);
  expect((await bench.run(['down', '--data-dir', deep])).code).toBe(0);
  expect((await up.ended).code).toBe(0);
  expect(readdirSync(tmpdir()).filter((name) => name.includes(`cluster-ai-${process.getuid?.()}-`) && name.endsWith('.sock'))).toEqual([]);
});

test('somebody else’s silent socket is not taken for ours', async () => {
  await using bench = new Bench();
  mkdirSync(join(bench.folder, 'run'), { recursive: true });
  const silent = createServer((socket) => void socket.end('who?'));
  await new Promise<void>((resolve) => silent.listen(join(bench.folder, 'run', 'control.sock'), resolve));
  const { code, stderr } = await bench.run(['up', '--json']);
  silent.close();
  expect([code, JSON.parse(stderr).error.code]).toEqual([1, 'already_running']);
});
