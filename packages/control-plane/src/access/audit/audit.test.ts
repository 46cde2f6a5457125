import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importTables } from '../../stores/postgres/export-tables.ts';
import { findPostgresPrograms, startThrowawayPostgres, type ThrowawayPostgres } from '../../stores/testing/throwaway-postgres.ts';
import { describeAudit } from './testing/describe-audit.ts';
import { openPlace, readTables, toDraft } from './testing/open-place.ts';

const programs = await findPostgresPrograms();

describeAudit('sqlite', () => openPlace());

describe.skipIf(programs === undefined)('on a real server', () => {
  let server: ThrowawayPostgres;
  beforeAll(async () => {
    server = await startThrowawayPostgres(programs ?? '');
  });
  afterAll(() => server[Symbol.asyncDispose]());

  describeAudit('postgres', async () => openPlace(await server.createDatabase()));

  test('a record that was backed up and restored is intact, goes on, and is guarded as before', async () => {
    await using place = await openPlace(await server.createDatabase());
    const audit = await place.open();
    for (const target of ['a', 'b']) await audit.record(toDraft({ target }));
    const files = await mkdtemp(join(tmpdir(), 'cluster-ai-audit-export-'));
    await place.database.snapshot(files);
    await using restored = await openPlace(await server.createDatabase());
    await restored.database.transaction((transaction) => importTables(transaction, files));
    await rm(files, { recursive: true });
    await copyFile(join(place.folder.secrets, 'audit.key'), join(restored.folder.secrets, 'audit.key'));
    const again = await restored.open();
    await again.record(toDraft({ target: 'c' }));
    expect(await again.verify()).toMatchObject({ isIntact: true, entries: 3 });
    const remove = restored.database.transaction((transaction) => transaction.deleteFrom('audit_entries').execute());
    await expect(remove).rejects.toMatchObject({ code: 'conflict' });
  });
});

test('SQLite’s `insert or replace` does not get past the triggers', async () => {
  await using place = await openPlace();
  const audit = await place.open();
  for (const target of ['a', 'b']) await audit.record(toDraft({ target }));
  const before = await readTables(place.database);
  for (const sequence of [1, 2]) {
    const replace = sql`insert or replace into audit_entries select * from audit_entries where sequence = ${sequence}`;
    await expect(place.database.transaction((transaction) => replace.execute(transaction))).rejects.toMatchObject({ code: 'conflict' });
  }
  expect(await readTables(place.database)).toEqual(before);
});
