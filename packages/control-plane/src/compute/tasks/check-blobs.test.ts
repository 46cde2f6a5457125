import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { locateDataFolder, makeDataFolder, silentLogger } from '@cluster-ai/runtime';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inStore, toBlobRow } from '../../registry/record-blob.ts';
import type { Database } from '../../stores/database.ts';
import { openDatabase } from '../../stores/open-database.ts';
import { somebody, work } from '../testing/open-test-tasks.ts';
import { checkBlobs, tableBlobsOf } from './check-blobs.ts';
import { decideTask } from './decide-task.ts';
import { createTaskStore } from './task-store.ts';

const folder = locateDataFolder(mkdtempSync(join(tmpdir(), 'cai-blobs-')), {});
const digest = `sha256:${'1'.repeat(64)}`;
let database: Database;

beforeAll(async () => {
  makeDataFolder(folder);
  database = await openDatabase({ url: '', folder, log: silentLogger });
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  rmSync(folder.root, { recursive: true, force: true });
});

const blob = { blob: digest, format: 'csv' };
const reads = (input: object) => [{ ...work([]), type: 'data_processing', input } as never];

test('tables are found wherever a task names them', () => {
  expect(tableBlobsOf({ source: blob })).toEqual([digest]);
  expect(tableBlobsOf({ rows: blob })).toEqual([digest]);
  expect(tableBlobsOf({ source: { rows: [] }, steps: [{ op: 'head' }, { op: 'join', with: blob }] })).toEqual([digest]);
});

test('whoever knows a digest may not read its bytes through a task for that; of the own tasks one may', async () => {
  for (const input of [{ source: blob }, { source: { rows: [] }, steps: [{ op: 'join', with: blob }] }])
    await expect(checkBlobs(database.query, somebody('ana'), reads(input))).rejects.toMatchObject({ code: 'blob_not_found' });

  const store = createTaskStore(database);
  const submitter = { kind: 'person', id: 'ana', ownerId: 'ana' } as const;
  await database.transaction(async (transaction) => {
    await transaction
      .insertInto('blobs')
      .values(toBlobRow(digest, 3, inStore, 1))
      .execute();
    const [task] = await store.insert(transaction, [{ id: 'made', request: work([]), dependsOn: [], submitter, sequence: 1 }], 1000);
    if (task === undefined) throw new Error('There is none.');
    const running = decideTask(task, { type: 'handed' }, 2000);
    const record = decideTask(running, { type: 'done', attempt: 1, worker: 'w', durationMs: 5 }, 3000);
    await store.save(transaction, [{ record, result: { json: null, digest, sizeBytes: 3 } }]);
  });
  await checkBlobs(database.query, somebody('ana'), reads({ source: blob }));
  await expect(checkBlobs(database.query, somebody('bob'), reads({ source: blob }))).rejects.toMatchObject({ code: 'blob_not_found' });
});
