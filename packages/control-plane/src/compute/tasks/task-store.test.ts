import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@cluster-ai/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../stores/database.ts';
import { openDatabase } from '../../stores/open-database.ts';
import { findPostgresPrograms, startThrowawayPostgres, type ThrowawayPostgres } from '../../stores/testing/throwaway-postgres.ts';
import { work } from '../testing/open-test-tasks.ts';
import { decideTask } from './decide-task.ts';
import { listTasks, readTask } from './read-tasks.ts';
import { removeOldTasks, removeTask } from './remove-tasks.ts';
import type { TaskRecord } from './task-record.ts';
import type { NewTask } from './task-rows.ts';
import { createTaskStore } from './task-store.ts';

const programs = await findPostgresPrograms();
const folder = mkdtempSync(join(tmpdir(), 'cai-tasks-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function describeTasks(openStore: () => Promise<Database>) {
  let database: Database;
  let sequence = 0;
  const store = () => createTaskStore(database);
  const task = (id: string, args: readonly unknown[] = [], ownerId = 'ana', dependsOn: readonly string[] = []): NewTask => ({
    id,
    request: work(args, { dependsOn: [...dependsOn] }),
    dependsOn,
    submitter: { kind: 'person', id: ownerId, ownerId },
    sequence: ++sequence,
  });
  const insert = (tasks: readonly NewTask[]) => database.transaction((transaction) => store().insert(transaction, tasks, 1000));
  const save = (record: TaskRecord, json: string | null = null) =>
    database.transaction((transaction) =>
      store().save(transaction, [{ record, result: { json, digest: null, sizeBytes: json?.length ?? 0 } }]),
    );
  const run = (record: TaskRecord) => decideTask(record, { type: 'handed' }, 2000);
  const done = (record: TaskRecord) => decideTask(record, { type: 'done', attempt: record.attempt, worker: 'w', durationMs: 5 }, 3000);

  beforeAll(async () => {
    database = await openStore();
  });
  afterAll(() => database[Symbol.asyncDispose]());

  test('the same id is the same task, another content or owner is refused, and then nothing of the call is kept', async () => {
    expect(await insert([task('a', [1]), task('a', [1])])).toHaveLength(1);
    expect(await insert([task('a', [1])])).toEqual([]);
    await expect(insert([task('new', [1]), task('a', [2])])).rejects.toMatchObject({ code: 'conflict' });
    await expect(insert([task('a', [1], 'bob')])).rejects.toMatchObject({ code: 'conflict' });
    await expect(insert([task('b', [], 'bob', ['a'])])).rejects.toMatchObject({ code: 'invalid_request' }); // somebody else's
    expect((await store().readStates(['a', 'new', 'b'])).size).toBe(1);
  });

  test('changes of many are written at once, and what has ended stays as it ended', async () => {
    const records = await insert(Array.from({ length: 450 }, (_, index) => task(`many-${index}`, [index])));
    const running = records.map(run);
    await database.transaction((transaction) => store().save(transaction, running.map((record) => ({ record })))); // biome-ignore format: one call
    expect((await store().readLive()).filter(({ state, attempt }) => state === 'submitted' && attempt === 1)).toHaveLength(450);
    const [first] = running;
    if (first === undefined) throw new Error('There is none.');
    await save(done(first), '{"x":"ü"}');
    await save({ ...first, state: 'running' });
    expect(await readTask(database.query, first.id, 'ana')).toMatchObject({
      state: 'done',
      result: { value: { x: 'ü' } },
      startedAt: expect.any(String),
    });
    const write = database.transaction((transaction) =>
      transaction.updateTable('tasks').set({ state: 'queued' }).where('id', '=', first.id).execute(),
    );
    await expect(write).rejects.toThrow(); // whoever writes
  });

  test('a list is the owner’s, newest first, a page at a time', async () => {
    await insert(['p1', 'p2', 'p3'].map((id) => task(id, [], 'pia')));
    const first = await listTasks(database.query, { limit: 2 }, 'pia');
    expect(first.tasks.map(({ id }) => id)).toEqual(['p3', 'p2']);
    const second = await listTasks(database.query, { limit: 2, cursor: first.next ?? '' }, 'pia');
    expect([second.tasks.map(({ id }) => id), second.next]).toEqual([['p1'], null]);
    await expect(readTask(database.query, 'p1', 'ana')).rejects.toMatchObject({ code: 'task_not_found' });
  });

  test('a failed one is opened again, an ended one can be removed, and old ones go but for those that others need', async () => {
    const [record] = await insert([task('again')]);
    if (record === undefined) throw new Error('There is none.');
    await save(decideTask(run(record), { type: 'refused', reason: { code: 'x', message: 'x' } }, 1));
    const failed = { ...run(record), state: 'failed' as const, endedAt: 5, reason: { code: 'x', message: 'x' } };
    await save(failed);
    const again = decideTask(failed, { type: 'retry' }, 10);
    await database.transaction((transaction) => store().reopen(transaction, again));
    expect(await readTask(database.query, 'again', undefined)).toMatchObject({ state: 'queued', attempt: 1, reason: null, endedAt: null });
    const remove = (isNeeded: boolean) => database.transaction((transaction) => removeTask(transaction, 'again', isNeeded, 1));
    await expect(remove(false)).rejects.toMatchObject({ code: 'conflict' });
    await save({ ...again, state: 'cancelled', endedAt: 20 });
    await expect(remove(true)).rejects.toMatchObject({ code: 'conflict' });
    expect(await removeOldTasks(database, { keep: 0, isNeeded: (id) => id === 'again', now: 1 })).toBeGreaterThan(0);
    await remove(false);
    await expect(readTask(database.query, 'again', undefined)).rejects.toMatchObject({ code: 'task_not_found' });
  });
}

describe('tasks in sqlite', () => {
  describeTasks(() => openDatabase({ url: '', folder: { database: join(folder, 'tasks.db') }, log: silentLogger }));

  test('ten thousand of one call are durable while others are still served', async () => {
    await using database = await openDatabase({ url: '', folder: { database: join(folder, 'many.db') }, log: silentLogger });
    const tasks = Array.from({ length: 10_000 }, (_, index) => ({
      id: `task-${index}`,
      request: work([index]),
      dependsOn: [],
      submitter: { kind: 'person', id: 'ana', ownerId: 'ana' },
      sequence: index,
    }));
    const store = createTaskStore(database);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    expect(await database.transaction((transaction) => store.insert(transaction, tasks, 1))).toHaveLength(10_000);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
  });
});

describe.skipIf(programs === undefined)('tasks in postgres', () => {
  let postgres: ThrowawayPostgres;
  beforeAll(async () => {
    if (programs) postgres = await startThrowawayPostgres(programs);
  });
  afterAll(() => postgres?.[Symbol.asyncDispose]());
  describe('which is real', () =>
    describeTasks(async () => openDatabase({ url: await postgres.createDatabase(), folder: { database: '' }, log: silentLogger })));
});
