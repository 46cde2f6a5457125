import { silentLogger } from '@cluster-ai/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../open-database.ts';
import { describeDatabase } from '../testing/describe-database.ts';
import { findPostgresPrograms, startThrowawayPostgres, type ThrowawayPostgres } from '../testing/throwaway-postgres.ts';
import { openPostgres } from './open-postgres.ts';

const programs = await findPostgresPrograms();

describe.skipIf(programs === undefined)('on a real server', () => {
  let server: ThrowawayPostgres;
  beforeAll(async () => {
    server = await startThrowawayPostgres(programs ?? '');
  });
  afterAll(() => server[Symbol.asyncDispose]());

  describeDatabase('postgres', async () => {
    const url = await server.createEmptyDatabase();
    return { open: () => openPostgres(url, silentLogger), remove: async () => {} };
  });

  test('a server that ended abruptly is `database_unavailable`, and when it is back everything committed is there', async () => {
    const url = await server.createEmptyDatabase();
    await using database = await openDatabase({ url, folder: { database: '' }, log: silentLogger });
    await database.transaction((transaction) =>
      transaction.insertInto('settings').values({ key: 'a', value_json: '1', updated_at: 1, revision: 1 }).execute(),
    );
    const interrupted = database.transaction(async (transaction) => {
      await server.restart();
      await transaction.selectFrom('settings').selectAll().execute();
    });
    await expect(interrupted).rejects.toMatchObject({ code: 'database_unavailable' });
    expect(await database.query.selectFrom('settings').select('key').execute()).toEqual([{ key: 'a' }]);
  });
});

test('a server that is not there is `database_unavailable`, without the password', async () => {
  const open = openDatabase({ url: 'postgres://me:secret@127.0.0.1:1/name', folder: { database: '' }, log: silentLogger });
  await expect(open).rejects.toMatchObject({ code: 'database_unavailable', message: expect.not.stringContaining('secret') });
});
