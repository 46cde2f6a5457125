import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type ClusterClient, createClusterClient } from './cluster-client.ts';
import { type FakeCompute, openFakeCompute } from './testing/fake-compute.ts';

let fake: FakeCompute;
let cluster: ClusterClient;
beforeAll(async () => {
  fake = await openFakeCompute();
  cluster = createClusterClient({ baseUrl: fake.url });
});
afterAll(() => fake[Symbol.asyncDispose]());

const submissions = (name: string) =>
  fake.requests
    .filter(({ method, path, body }) => method === 'POST' && path === '/api/v1/tasks' && body.includes(name))
    .map(({ body }) => JSON.parse(body));

describe('tasks', () => {
  test('are handed in, waited for, and give their result', async () => {
    const id = await cluster.submitTask({ type: 'python', input: { function: 'add', args: [1, 2] } });
    expect(await cluster.waitForTask(id)).toMatchObject({ id, state: 'done' });
    expect(await cluster.getTaskResult(id)).toBe(3);
    expect(await cluster.getTaskStatus(id)).toMatchObject({ state: 'done', progress: 1 });
    expect(await cluster.getTaskLog(id)).toMatchObject({ lines: [{ text: `${id} began` }] });
    await cluster.removeTask(id);
    await expect(cluster.getTask(id)).rejects.toMatchObject({ code: 'task_not_found' });
  });

  test('many are handed in at once, and listed by what they are', async () => {
    const ids = await cluster.submitTasks(
      [1, 2, 3].map((value) => ({ type: 'python', name: 'many', input: { function: 'add', args: [value] } })),
    );
    for (const id of ids) await cluster.waitForTask(id);
    const first = await cluster.listTasks({ name: 'many', state: 'done', limit: 2 });
    const { tasks } = await cluster.listTasks({ name: 'many', limit: 2, cursor: first.next ?? '' });
    expect([...first.tasks, ...tasks].map(({ id }) => id)).toEqual([...ids].reverse());
  });

  test('one that fails has a result that says why', async () => {
    const id = await cluster.submitTask({ type: 'python', input: { function: 'fail' } });
    expect(await cluster.waitForTask(id)).toMatchObject({ state: 'failed', reason: { message: 'it was asked to' } });
    await expect(cluster.getTaskResult(id)).rejects.toMatchObject({ code: 'task_failed' });
  });

  test('waiting ends with an event about the task, and with the signal', async () => {
    fake.hold = 'held';
    const id = await cluster.submitTask({ type: 'python', name: 'held', input: { function: 'add' } });
    const seen: number[] = [];
    const waiting = cluster.waitForTask(id, { onProgress: ({ progress }) => seen.push(progress) });
    const giveUp = new AbortController();
    const given = cluster.waitForTask(id, { signal: giveUp.signal, onProgress: () => giveUp.abort() });
    await expect(given).rejects.toMatchObject({ name: 'AbortError' });
    await cluster.cancelTask(id);
    expect(await waiting).toMatchObject({ state: 'cancelled' });
    expect(seen).toContain(0.5);
    await cluster.retryTask(id);
    expect(await cluster.getTaskStatus(id)).toMatchObject({ state: 'queued' });
  });
});

describe('map', () => {
  test('gives results in the order of the items, whatever the size of chunks', async () => {
    const items = Array.from({ length: 500 }, (_, index) => index);
    const seen: number[] = [];
    const results = await cluster.map(async (item: number, factor: number) => item * factor, items, {
      name: 'double',
      args: [2],
      onProgress: ({ done }) => seen.push(done),
    });
    expect(results).toEqual(items.map((item) => item * 2));
    expect(seen.at(-1)).toBe(500);
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
    const sizes = submissions('double').flatMap(({ tasks }) =>
      tasks.map((task: { input: { items: unknown[] } }) => task.input.items.length),
    );
    expect(sizes[0]).toBe(1);
    expect(Math.max(...sizes)).toBeGreaterThan(sizes[0]);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(500);
  });

  test('takes modules: as text, and as a file with what it imports', async () => {
    expect(
      await cluster.map('export const add = (item, more) => item + more', [1, 2], { export: 'add', args: [10], chunkSize: 5 }),
    ).toEqual([11, 12]);
    const folder = await mkdtemp(join(tmpdir(), 'map-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await writeFile(join(folder, 'work.ts'), "import { more } from './more.ts';\nexport default (item: number): number => item + more;\n");
    await writeFile(join(folder, 'more.ts'), 'export const more: number = 100;\n');
    expect(await cluster.map(join(folder, 'work.ts'), [1, 2, 3])).toEqual([101, 102, 103]);
    await expect(cluster.map(join(folder, 'none.js'), [1])).rejects.toMatchObject({ code: 'file_not_found' });
  });

  test('a method travels too', async () => {
    const work = { half(item: number) { return item / 2; } }; // biome-ignore format: as people write it
    expect(await cluster.map(work.half, [2, 4])).toEqual([1, 2]);
  });

  test('a function that needs what is around it is refused before anything is sent, and so is one without a text', async () => {
    const factor = 3;
    const before = fake.requests.length;
    await expect(cluster.map((item: number) => item * factor, [1])).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('does not come along: factor'),
      hint: expect.stringContaining('`args`'),
    });
    await expect(cluster.map(Math.sqrt, [4])).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(cluster.map('(item) => item', [4])).rejects.toMatchObject({ hint: expect.stringContaining('export default') });
    expect(fake.requests.length).toBe(before);
  });

  test('the first failure ends it, and what is open is cancelled', async () => {
    const work = (item: number) => {
      if (item === 3) throw new Error('three is too many');
      return item;
    };
    await expect(cluster.map(work, [1, 2, 3, 4], { chunkSize: 1, name: 'bad' })).rejects.toMatchObject({
      code: 'task_failed',
      message: expect.stringMatching(/^item 2 of bad .*: three is too many$/),
    });
  });

  test('aborting it cancels what was handed in', async () => {
    fake.hold = 'held';
    const stop = new AbortController();
    const work = cluster.map((item: number) => item, [1, 2, 3], {
      name: 'held map',
      chunkSize: 1,
      signal: stop.signal,
      onProgress: ({ openTasks }) => openTasks === 3 && stop.abort(),
    });
    await expect(work).rejects.toMatchObject({ name: 'AbortError' });
    const states = [...fake.tasks.values()].filter(({ name }) => name.startsWith('held map')).map(({ state }) => state);
    expect(states).toEqual(['cancelled', 'cancelled', 'cancelled']);
  });

  test('nothing to do is nothing', async () => {
    expect(await cluster.map((item: number) => item, [])).toEqual([]);
  });
});
