import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FakeCompute, openFakeCompute } from '../../../../client/src/testing/fake-compute.ts';
import { runHere } from '../../../fixtures/run-here.ts';

let fake: FakeCompute;
let home: string;
beforeAll(async () => {
  fake = await openFakeCompute({ isEnabled: false });
  home = await mkdtemp(join(tmpdir(), 'tasks-'));
});
afterAll(async () => {
  await fake[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});
const runIn = (language: string, ...args: string[]) => runHere(args, { CLUSTER_AI_HOME: home, CLUSTER_AI_URL: fake.url, LANG: language });
const run = (...args: string[]) => runIn('C', ...args);
const json = async (...args: string[]) => JSON.parse((await run(...args, '--json')).stdout);

test('compute is turned on with its progress, looked at, scaled and connected to', async () => {
  expect(await run('tasks', 'ls')).toMatchObject({ code: 1, stderr: expect.stringContaining('Compute is not enabled.') });
  const enabled = await run('compute', 'enable');
  expect(enabled.stderr).toMatch(/33 % {2}The Python environment is being set up\.[\s\S]*67 %/);
  expect(enabled).toMatchObject({ code: 0, stdout: expect.stringMatching(/Compute +ready[\s\S]*here-cpu +here +cpu +ready/) });
  expect(await json('compute', 'scale', '--pool', 'gpu', '--min', '0', '--max', '2')).toMatchObject({
    pools: expect.arrayContaining([expect.objectContaining({ name: 'gpu', min: 0, max: 2 })]),
  });
  expect(await run('compute', 'scale')).toMatchObject({ code: 2 });
  expect(await json('compute', 'profile', 'fast')).toMatchObject({ profile: 'fast' });
  const folder = join(home, 'certificates');
  const connected = await run('compute', 'connect', '--folder', folder);
  expect(connected.stdout.trim().split('\n')).toEqual([
    'from dask.distributed import Client',
    'from distributed.security import Security',
    expect.stringContaining(`tls_client_key="${folder}/key.pem", require_encryption=True`),
    'client = Client("tls://127.0.0.1:8786", security=security)',
  ]);
  expect(connected.stderr).toContain('dask==2026.8.0');
  expect([await readFile(join(folder, 'key.pem'), 'utf8'), (await stat(join(folder, 'key.pem'))).mode & 0o777]).toEqual(['KEY', 0o600]);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
});

test('tasks are handed in by name or from a file, followed, and forgotten', async () => {
  const { ids } = await json('tasks', 'submit', '--function', 'add', '--arg', '1', '2.5', '--name', 'sum', '--wait');
  expect(await json('tasks', 'result', ids[0])).toBe(3.5);
  expect((await run('tasks', 'show', ids[0])).stdout).toMatch(/^sum {2}task_\d+\nState +done {2}100 %/);
  expect((await run('tasks', 'ls', '--name', 'sum')).stdout).toMatch(/task_\d+ +sum +python +done +100 %/);
  expect((await run('tasks', 'logs', ids[0])).stdout).toContain(`${ids[0]} began`);
  expect(await json('tasks', 'logs', ids[0], '--follow')).toMatchObject({ attempt: 1, text: `${ids[0]} began` });
  expect(await run('tasks', 'rm', ids[0])).toMatchObject({ code: 2 }); // nobody can be asked
  expect(await json('tasks', 'rm', ids[0], '--yes')).toEqual({ id: ids[0], name: 'sum', removed: true });
  expect(await run('tasks', 'show', ids[0])).toMatchObject({ code: 4 });

  const file = join(home, 'tasks.jsonl');
  const task = (value: number) => JSON.stringify({ type: 'python', id: `file-${value}`, input: { function: 'add', args: [value] } });
  await writeFile(file, `${task(1)}\n${task(2)}\n`);
  expect((await run('tasks', 'submit', file)).stdout).toBe('file-1\nfile-2\n');
  expect((await run('tasks', 'submit', file)).stdout).toBe('file-1\nfile-2\n'); // the same tasks
  await writeFile(file, '{ "type": ');
  expect(await run('tasks', 'submit', file)).toMatchObject({ code: 2, stderr: expect.stringContaining('is no JSON') });
  expect(await run('tasks', 'submit')).toMatchObject({ code: 2, stderr: expect.stringContaining('--function NAME') });
});

test('a failure has an exit code of its own, and what runs is stopped and run again', async () => {
  const failed = await run('tasks', 'submit', '--function', 'fail', '--wait');
  expect(failed).toMatchObject({ code: 1, stdout: expect.stringMatching(/failed .* it was asked to/) });
  fake.hold = 'held';
  const { ids } = await json('tasks', 'submit', '--type', 'python', '--input', '{"function": "add"}', '--name', 'held', '--pool', 'cpu');
  expect(await json('tasks', 'show', ids[0])).toMatchObject({ state: 'running', resources: { pool: 'cpu' } });
  expect(await json('tasks', 'cancel', ids[0])).toMatchObject({ tasks: [{ state: 'cancelled' }] });
  expect(await run('tasks', 'cancel', ids[0])).toMatchObject({ code: 1 });
  expect(await json('tasks', 'retry', ids[0])).toMatchObject({ tasks: [{ state: 'queued' }] });
  expect((await runIn('pt_BR.UTF-8', 'tasks', 'ls')).stdout).toMatch(/NOME[\s\S]*held +python +espera/);
});

test('doctor --compute runs the self test of the Python package, and says of each step whether it works', async () => {
  fake.hold = '';
  const { checks } = await json('doctor', '--compute');
  const found = Object.fromEntries(checks.map(({ name, verdict }: { name: string; verdict: string }) => [name, verdict]));
  expect(found).toMatchObject({ 'compute-compute': 'ok', 'compute-workers': 'ok', 'compute-javascript': 'ok', 'compute-dask': 'warning' });
  expect((await runIn('pt_BR.UTF-8', 'doctor', '--compute')).stdout).toContain('JavaScript roda num worker');
});
