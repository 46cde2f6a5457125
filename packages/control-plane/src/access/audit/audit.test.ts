import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
