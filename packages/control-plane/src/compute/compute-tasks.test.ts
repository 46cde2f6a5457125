import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@cluster-ai/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasReferences } from '../registry/garbage/references.ts';
import { openTestTasks, somebody, type TestTasks, work } from './testing/open-test-tasks.ts';
import { findDaskPython, startDask, type TestDask } from './testing/start-dask.ts';

const python = await findDaskPython();
const ana = somebody('ana');

describe.skipIf(python === undefined)('tasks on a real scheduler', () => {
  let dask: TestDask;
  let root: string;
  let opened: TestTasks;
  const open = async (window = 500) => {
    opened = await openTestTasks({
      folder: root,
      python: python ?? '',
      pythonPath: dask.pythonPath,
      scheduler: dask.address,
      window,
    });
  };
  const submit = async (args: readonly unknown[], more: Parameters<typeof work>[1] = {}) =>
    (await opened.tasks.submit(ana, [work(args, more)]))[0] ?? '';
  const ended = (id: string) => opened.until(ana, id);

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'cluster-ai-tasks-'));
    dask = await startDask(python ?? '');
    await open();
  });
  afterAll(async () => {
    await opened?.close();
    await dask?.[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });

  test('a task is run and its result is told; the same id is the same task', async () => {
    const id = await submit(['echo', { a: [1, 'ü'] }], { id: 'first' });
    expect(await ended(id)).toMatchObject({ id: 'first', state: 'done', attempt: 1, result: { value: { a: [1, 'ü'] } }, progress: 1 });
    expect(await submit(['echo', { a: [1, 'ü'] }], { id: 'first' })).toBe('first');
    await expect(submit(['echo', 2], { id: 'first' })).rejects.toMatchObject({ code: 'conflict' });
  });

  test('what fails is tried again as often as was asked for, and a person may try it once more', async () => {
    expect(await ended(await submit(['fail', 2], { retries: 2 }))).toMatchObject({ state: 'done', attempt: 3, result: { value: 3 } });
    const id = await submit(['fail', 1], { retries: 0 });
    expect(await ended(id)).toMatchObject({ state: 'failed', attempt: 1, reason: { code: 'error', message: 'ValueError: attempt 1' } });
    expect((await opened.tasks.readLog(ana, id)).lines.map(({ text }) => text).join('\n')).toContain('ValueError: attempt 1');
    await opened.tasks.retry(ana, id);
    expect(await ended(id)).toMatchObject({ state: 'done', attempt: 2, reason: null });
    await expect(opened.tasks.retry(ana, id)).rejects.toMatchObject({ code: 'conflict' });
  });

  test('a task waits for those that it needs, gets their results, and fails with one that fails', async () => {
    const a = await submit(['echo', 20]);
    const b = await submit(['echo', 22]);
    expect(await ended(await submit(['sum', { $task: a }, { $task: b }]))).toMatchObject({ state: 'done', result: { value: 42 } });
    const failing = await submit(['fail', 9], { retries: 0 });
    const needing = await submit(['echo', { $task: failing }]);
    const last = await submit(['echo'], { dependsOn: [needing] });
    expect(await ended(last)).toMatchObject({ state: 'failed', attempt: 0, reason: { code: 'dependency_failed' } });
    await expect(submit(['echo'], { dependsOn: ['nobody'] })).rejects.toMatchObject({ code: 'invalid_request' });
    const circle = [work(['echo'], { id: 'c1', dependsOn: ['c2'] }), work(['echo', { $task: 'c1' }], { id: 'c2' })];
    await expect(opened.tasks.submit(ana, circle)).rejects.toMatchObject({ code: 'invalid_request', param: 'dependsOn' });
  });

  test('a large result is a blob, which its task keeps', async () => {
    const id = await submit(['large', 100_000]);
    const { result } = await ended(id);
    expect(result).toMatchObject({ sizeBytes: 100_002, digest: expect.stringMatching(/^sha256:/) });
    const output = await opened.tasks.readResult(ana, id);
    expect(output.kind === 'blob' && output.blob.sizeBytes).toBe(100_002);
    expect(await hasReferences(opened.database.query, result?.digest ?? '')).toBe(true);
    await opened.tasks.remove(ana, id);
    expect(await hasReferences(opened.database.query, result?.digest ?? '')).toBe(false);
  });

  test('a cancelled task has really ended when it says so', async () => {
    const id = await submit(['sleep', 60]);
    await opened.until(ana, id, ({ state }) => state === 'running');
    expect((await opened.tasks.cancel(ana, id)).state).toBe('cancelling');
    expect(await ended(id)).toMatchObject({ state: 'cancelled', reason: { code: 'cancelled' } });
    expect(await ended(await submit(['echo', 1]))).toMatchObject({ state: 'done' }); // its thread is free
  });

  test('what it prints and how far it is, is told', async () => {
    const id = await submit(['print', 'hello']);
    await ended(id);
    await opened.until(ana, id); // its log may come a little later than its end
    for (let lines: string[] = []; !lines.includes('hello'); ) lines = (await opened.tasks.readLog(ana, id)).lines.map(({ text }) => text);
  });

  test('others do not see it', async () => {
    const id = await submit(['echo', 1]);
    const bob = somebody('bob');
    await expect(opened.tasks.get(bob, id)).rejects.toMatchObject({ code: 'task_not_found' });
    await expect(opened.tasks.cancel(bob, id)).rejects.toMatchObject({ code: 'task_not_found' });
    expect((await opened.tasks.get(somebody('op', 'operator'), id)).owner).toBe('ana');
    expect((await opened.tasks.list(bob, { limit: 10 })).tasks).toEqual([]);
  });

  test('of those that wait, the ones with a higher priority go first, and of the same the older ones', async () => {
    await opened.close();
    await open(1);
    const file = join(root, 'order');
    const blocker = await submit(['sleep', 0.5]);
    const note = (id: string, priority: number) => work(['note', file], { id, priority });
    await opened.tasks.submit(ana, [note('low', -1), note('plain', 0), note('high', 5), note('plain-too', 0)]);
    await Promise.all([blocker, 'low', 'plain', 'high', 'plain-too'].map(ended));
    expect((await readFile(file, 'utf8')).split('\n').map((line) => line.split(' ')[0])).toEqual(['high', 'plain', 'plain-too', 'low', '']);
    await opened.close();
    await open();
  });

  test('whatever ends meanwhile (bridge, scheduler with its workers, control plane), no accepted task is lost', async () => {
    const name = 'losses';
    const submitSome = () =>
      opened.tasks.submit(
        ana,
        Array.from({ length: 60 }, (_, index) => work(['sleep', 0.02 * (index % 5)], { name, retries: 5 })),
      );
    const waitForSome = async (least: number) => {
      while (((await counts(name))['done'] ?? 0) < least) await systemClock.sleep(20);
    };
    await submitSome();
    await waitForSome(5);
    process.kill(opened.bridgePid() ?? 0, 'SIGKILL');
    await waitForSome(60);
    await submitSome();
    await waitForSome(65);
    await dask.killScheduler();
    await waitForSome(120);
    await submitSome();
    await waitForSome(125);
    await opened.close();
    await open();
    await waitForSome(180);
    expect(await counts(name)).toEqual({ done: 180 });
  });

  async function counts(name: string): Promise<Record<string, number>> {
    const rows = await opened.database.query
      .selectFrom('tasks')
      .select(['state', ({ fn }) => fn.countAll<number>().as('count')])
      .where('name', '=', name)
      .groupBy('state')
      .execute();
    return Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]));
  }
});
