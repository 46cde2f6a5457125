import { silentLogger } from '@cluster-ai/runtime';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Database, Query } from '../database.ts';
import { migrate } from '../migrations/migrate.ts';

/** A fresh, empty place for a database, that can be opened more than once. */
export interface DatabasePlace {
  open(): Promise<Database>;
  remove(): Promise<void>;
}

const setting = (key: string, value = '{}') => ({ key, value_json: value, updated_at: 1_700_000_000_000, revision: 1 });
const aModel = {
  id: 'model_1',
  name: 'Lab/Qwen',
  name_lower: 'lab/qwen',
  display_name: 'Qwen 三 😀 "quoted" \\ \n',
  namespace: 'Lab',
  description: '',
  metadata_json: '{}',
  last_seq: 1,
  created_at: Number.MAX_SAFE_INTEGER,
  updated_at: 0,
  revision: 1,
};
const keysOf = async (query: Query) => (await query.selectFrom('settings').select('key').orderBy('key').execute()).map(({ key }) => key);

/** What every database must do, whatever is behind it. */
export function describeDatabase(name: string, makePlace: () => Promise<DatabasePlace>): void {
  describe(`${name} as the database`, () => {
    let place: DatabasePlace;
    let database: Database;

    beforeEach(async () => {
      place = await makePlace();
      database = await place.open();
      await migrate(database, silentLogger);
    });
    afterEach(async () => {
      await database[Symbol.asyncDispose]();
      await place.remove();
    });

    test('what was committed is there after it was closed and opened again', async () => {
      await database.transaction((transaction) => transaction.insertInto('settings').values(setting('a')).execute());
      await database[Symbol.asyncDispose]();
      database = await place.open();
      await migrate(database, silentLogger);
      expect(await keysOf(database.query)).toEqual(['a']);
    });

    test('gives every type back as it was given: 64-bit numbers, text of any script, bytes, nothing', async () => {
      const bytes = new Uint8Array([0, 1, 127, 128, 255]);
      const version = {
        id: 'version_1',
        model_id: 'model_1',
        seq: 1,
        semver: null,
        manifest_digest: 'sha256:00',
        manifest_bytes: bytes,
        source: '',
        facts_json: '{}',
        notices_json: '[]',
        created_at: 5,
        size_bytes: 3_000_000_000,
        framework: 'gguf',
        metadata_json: '{}',
        inspection_json: null,
        allowed_json: null,
      };
      await database.transaction(async (transaction) => {
        await transaction.insertInto('models').values(aModel).execute();
        await transaction.insertInto('versions').values(version).execute();
      });
      expect(await database.query.selectFrom('models').selectAll().executeTakeFirst()).toEqual(aModel);
      const found = await database.query.selectFrom('versions').selectAll().executeTakeFirst();
      expect({ ...found, manifest_bytes: [...(found?.manifest_bytes ?? [])] }).toEqual({ ...version, manifest_bytes: [...bytes] });
    });

    test('counts and sums are numbers', async () => {
      await database.transaction((transaction) =>
        transaction
          .insertInto('settings')
          .values([setting('a'), setting('b')])
          .execute(),
      );
      const row = await database.query
        .selectFrom('settings')
        .select((expression) => expression.fn.countAll<number>().as('count'))
        .executeTakeFirst();
      expect(row).toEqual({ count: 2 });
    });

    test('work that throws leaves nothing behind', async () => {
      const work = database.transaction(async (transaction) => {
        await transaction.insertInto('settings').values(setting('a')).execute();
        throw new Error('changed my mind');
      });
      await expect(work).rejects.toThrow('changed my mind');
      expect(await keysOf(database.query)).toEqual([]);
    });

    test('readers see nothing of a transaction before it has committed', async () => {
      const written = Promise.withResolvers<void>();
      const mayCommit = Promise.withResolvers<void>();
      const work = database.transaction(async (transaction) => {
        await transaction.insertInto('settings').values(setting('a')).execute();
        written.resolve();
        await mayCommit.promise;
      });
      await written.promise;
      expect(await keysOf(database.query)).toEqual([]);
      mayCommit.resolve();
      await work;
      expect(await keysOf(database.query)).toEqual(['a']);
    });

    test('transactions come one after the other: a read and a write in one never lose an update', async () => {
      await database.transaction((transaction) => transaction.insertInto('settings').values(setting('counter', '0')).execute());
      const addOne = (durability: 'full' | 'normal') =>
        database.transaction(
          async (transaction) => {
            const row = await transaction.selectFrom('settings').select('value_json').executeTakeFirstOrThrow();
            await transaction
              .updateTable('settings')
              .set({ value_json: String(Number(row.value_json) + 1) })
              .execute();
          },
          { durability },
        );
      await Promise.all(Array.from({ length: 40 }, (_, i) => addOne(i % 2 === 0 ? 'full' : 'normal')));
      const row = await database.query.selectFrom('settings').select('value_json').executeTakeFirst();
      expect(row).toEqual({ value_json: '40' });
    });

    test('two openers of the same database do not lose an update either', async () => {
      await using other = await place.open();
      await database.transaction((transaction) => transaction.insertInto('settings').values(setting('counter', '0')).execute());
      const addOne = (through: Database) =>
        through.transaction(async (transaction) => {
          const row = await transaction.selectFrom('settings').select('value_json').executeTakeFirstOrThrow();
          await transaction
            .updateTable('settings')
            .set({ value_json: String(Number(row.value_json) + 1) })
            .execute();
        });
      await Promise.all(Array.from({ length: 20 }, (_, i) => addOne(i % 2 === 0 ? database : other)));
      expect(await database.query.selectFrom('settings').select('value_json').executeTakeFirst()).toEqual({ value_json: '20' });
    });

    test('nothing can be changed outside of a transaction', async () => {
      await expect(database.query.insertInto('settings').values(setting('a')).execute()).rejects.toThrow();
      expect(await keysOf(database.query)).toEqual([]);
    });

    test('a transaction inside another one is refused at once instead of waiting for itself', async () => {
      const work = database.transaction(() => database.transaction(async () => {}));
      await expect(work).rejects.toThrow('begun inside another one');
    });

    test('a failed statement ends its transaction, and the next one works', async () => {
      const work = database.transaction((transaction) => sql`insert into no_such_table values (1)`.execute(transaction));
      await expect(work).rejects.toThrow();
      await database.transaction((transaction) => transaction.insertInto('settings').values(setting('a')).execute());
      expect(await keysOf(database.query)).toEqual(['a']);
    });

    test('the same key twice is `already_exists`, a missing parent `conflict`', async () => {
      const twice = database.transaction((transaction) =>
        transaction
          .insertInto('settings')
          .values([setting('a'), setting('a')])
          .execute(),
      );
      await expect(twice).rejects.toMatchObject({ code: 'already_exists' });
      const orphan = database.transaction((transaction) =>
        transaction.insertInto('tags').values({ version_id: 'nobody', key: 'a', value: 'b' }).execute(),
      );
      await expect(orphan).rejects.toMatchObject({ code: 'conflict' });
    });

    test('an update says how many rows it changed, so that a stale revision is noticed', async () => {
      const update = (revision: number) =>
        database.transaction((transaction) =>
          transaction
            .updateTable('settings')
            .set({ revision: revision + 1 })
            .where('revision', '=', revision)
            .executeTakeFirst(),
        );
      await database.transaction((transaction) => transaction.insertInto('settings').values(setting('a')).execute());
      expect((await update(1)).numUpdatedRows).toBe(1n);
      expect((await update(1)).numUpdatedRows).toBe(0n);
    });

    test('migrating twice changes nothing', async () => {
      await database.transaction((transaction) => transaction.insertInto('settings').values(setting('a')).execute());
      await migrate(database, silentLogger);
      expect(await keysOf(database.query)).toEqual(['a']);
    });

    test('an older database keeps what it said about its models, by codes, and its chats, without options', async () => {
      const olderPlace = await makePlace();
      const older = await olderPlace.open();
      try {
        await migrate(older, silentLogger, '0001-first-tables');
        const said = ['This is a very small demonstration model. Add a larger one for real work.', ''];
        await older.transaction(async (transaction) => {
          await transaction.insertInto('models').values(aModel).execute();
          for (const [seq, notice] of said.entries())
            await sql`insert into versions (id, model_id, seq, manifest_digest, manifest_bytes, source, facts_json, notice, created_at, size_bytes)
              values (${`version_${seq}`}, ${aModel.id}, ${seq}, 'sha256:00', ${new Uint8Array()}, '', '{}', ${notice}, 0, 0)`.execute(
              transaction,
            );
        });
        await older.transaction((transaction) =>
          sql`insert into chats (id, title, model, created_at, updated_at, is_pinned) values ('c', 't', 'm', 0, 0, 0)`.execute(transaction),
        );
        await migrate(older, silentLogger);
        expect(await older.query.selectFrom('chats').select(['id', 'options_json']).execute()).toEqual([{ id: 'c', options_json: '{}' }]);
        const kept = await older.query.selectFrom('versions').select('notices_json').orderBy('seq').execute();
        expect(kept.map(({ notices_json }) => JSON.parse(notices_json))).toEqual([[{ code: 'model_is_a_demonstration' }], []]);
      } finally {
        await older[Symbol.asyncDispose]();
        await olderPlace.remove();
      }
    });

    test('refuses a database that a newer program has changed', async () => {
      await database.transaction((transaction) =>
        sql`insert into schema_migrations (name, timestamp) values ('9999-from-the-future', '2026-01-01T00:00:00.000Z')`.execute(
          transaction,
        ),
      );
      await expect(migrate(database, silentLogger)).rejects.toMatchObject({
        code: 'database_newer',
        message: expect.stringContaining('9999-from-the-future'),
      });
    });
  });
}
