import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { auditQueryShape, ClusterError } from '@cluster-ai/contracts';
import { silentLogger } from '@cluster-ai/runtime';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Database, Query } from '../../../stores/database.ts';
import { describeAct } from '../act.ts';
import { type Acts, createActs } from '../acts.ts';
import type { Audit } from '../audit.ts';
import { withAudit } from '../with-audit.ts';
import { type AuditPlace, ada, dropTriggers, readTables, toDraft, writeTables } from './open-place.ts';

const DAY_MS = 24 * 60 * 60_000;
const query = (input: object = {}) => auditQueryShape.parse(input);
const addSetting = (transaction: Query, key: string) =>
  transaction.insertInto('settings').values({ key, value_json: '{}', updated_at: 1, revision: 1 }).execute();
const settingsOf = async ({ query: rows }: Database) => (await rows.selectFrom('settings').select('key').execute()).map(({ key }) => key);

/** What the record must do, whatever database is behind it. */
export function describeAudit(name: string, makePlace: () => Promise<AuditPlace>): void {
  describe(`the audit record in ${name}`, () => {
    let place: AuditPlace;
    let audit: Audit;
    let database: Database;
    let acts: Acts;

    beforeEach(async () => {
      place = await makePlace();
      audit = await place.open();
      database = withAudit(place.database, audit);
      acts = createActs({ audit, log: silentLogger });
    });
    afterEach(() => place[Symbol.asyncDispose]());

    const list = async (input: object = {}) => (await audit.list(query(input))).entries;
    const recordMany = async (count: number) => {
      for (let i = 1; i <= count; i++) await audit.record(toDraft({ target: `node_${i}` }));
    };
    const problemOf = async (of: Audit) => (await of.verify()).problem;

    test('an act and its entry are one transaction: both are there', async () => {
      await acts.run(ada, () => database.transaction((transaction) => addSetting(transaction, 'a')));
      expect(await settingsOf(database)).toEqual(['a']);
      expect(await list()).toMatchObject([
        { sequence: 1, actor: ada.actor, action: ada.action, target: 'node_1', result: 'ok', count: 1, requestId: 'req_1' },
      ]);
    });

    test('an act whose entry cannot be written is not done', async () => {
      await acts.run(ada, () => database.transaction((transaction) => addSetting(transaction, 'a')));
      await dropTriggers(place.database);
      await place.database.transaction((transaction) => transaction.updateTable('audit_head').set({ seal: 'forged' }).execute());
      const act = acts.run(ada, () => database.transaction((transaction) => addSetting(transaction, 'b')));
      await expect(act).rejects.toMatchObject({ code: 'audit_chain_broken' });
      expect(await settingsOf(database)).toEqual(['a']);
      expect(await list()).toHaveLength(1);
    });

    test('an act whose transaction fails is written down as failed, once, and nothing of it is done', async () => {
      const act = acts.run(ada, () =>
        database.transaction(async (transaction) => {
          await addSetting(transaction, 'a');
          throw new ClusterError('conflict', 'Somebody was faster.');
        }),
      );
      await expect(act).rejects.toMatchObject({ code: 'conflict' });
      expect(await settingsOf(database)).toEqual([]);
      expect(await list()).toMatchObject([{ result: 'failed', details: { code: 'conflict' } }]);
    });

    test('an act without a transaction has its entry when it is over; one with several has one', async () => {
      await acts.run(ada, async () => describeAct({ target: 'elsewhere', details: { replicas: 2 } }));
      await acts.run(ada, async () => {
        for (const key of ['a', 'b']) await database.transaction((transaction) => addSetting(transaction, key));
      });
      expect(await list()).toMatchObject([
        { sequence: 2, target: 'node_1' },
        { sequence: 1, target: 'elsewhere', details: { replicas: 2 } },
      ]);
    });

    test('what is said of an act within its transaction is in its entry; what is said later in a second one', async () => {
      await acts.run(ada, async () => {
        await database.transaction(async () => describeAct({ details: { name: 'first' } }));
        describeAct({ details: { afterwards: 'more' } });
      });
      expect(await list()).toMatchObject([{ details: { name: 'first', afterwards: 'more' } }, { details: { name: 'first' } }]);
    });

    test('an act that fails after its first transaction was kept has both in the record', async () => {
      const act = acts.run(ada, async () => {
        await database.transaction((transaction) => addSetting(transaction, 'a'));
        throw new Error('a planted error');
      });
      await expect(act).rejects.toThrow('planted');
      expect((await list()).map(({ result }) => result)).toEqual(['failed', 'ok']);
    });

    test('what an act left running writes nothing in its name; nor does what is no act', async () => {
      const gate = Promise.withResolvers<void>();
      let later: Promise<unknown> = Promise.resolve();
      await acts.run(ada, async () => {
        later = gate.promise.then(() => database.transaction((transaction) => addSetting(transaction, 'later')));
      });
      gate.resolve();
      await later;
      await database.transaction((transaction) => addSetting(transaction, 'by itself'));
      expect(await list()).toHaveLength(1);
    });

    test('an act that was not allowed within its handler is a denied attempt', async () => {
      const act = acts.run(ada, () => Promise.reject(new ClusterError('forbidden', 'Not yours.')));
      await expect(act).rejects.toMatchObject({ code: 'forbidden' });
      expect(await list()).toEqual([]);
      await audit[Symbol.asyncDispose]();
      expect(await list()).toMatchObject([{ result: 'denied', actor: ada.actor, details: { code: 'forbidden' } }]);
    });

    test('many acts at once come one after the other, through two openers as well, and the chain holds', async () => {
      const other = await place.open();
      await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? audit : other).record(toDraft({ target: String(i) }))));
      expect((await list()).map(({ sequence }) => sequence)).toEqual(Array.from({ length: 40 }, (_, i) => 40 - i));
      expect(await audit.verify()).toEqual({
        isIntact: true,
        entries: 40,
        firstSequence: 1,
        lastSequence: 40,
        checkpoints: 0,
        problem: null,
      });
    });

    test.each<[string, (transaction: Query) => Promise<unknown>]>([
      ['changed', (transaction: Query) => transaction.updateTable('audit_entries').set({ actor_name: 'Eve' }).execute()],
      ['removed', (transaction: Query) => transaction.deleteFrom('audit_entries').where('sequence', '=', 2).execute()],
      ['replaced', (transaction: Query) => replaceEntry(transaction)],
      ['added out of turn', (transaction: Query) => insertCopy(transaction, 9)],
      ['emptied', (transaction: Query) => emptyTables(transaction, place.database.kind)],
    ])('the database itself refuses that an entry is %s', async (_what, change) => {
      await recordMany(3);
      const before = await readTables(place.database);
      await expect(place.database.transaction((transaction) => change(transaction))).rejects.toMatchObject({
        code: expect.stringMatching(/conflict|already_exists/),
      });
      expect(await readTables(place.database)).toEqual(before);
    });

    test('the head can neither go back nor go away', async () => {
      await recordMany(3);
      const back = place.database.transaction((transaction) => transaction.updateTable('audit_head').set({ sequence: 2 }).execute());
      await expect(back).rejects.toMatchObject({ code: 'conflict' });
      const away = place.database.transaction((transaction) => transaction.deleteFrom('audit_head').execute());
      await expect(away).rejects.toMatchObject({ code: 'conflict' });
    });

    test('denied attempts of one source are one entry a minute, with their number', async () => {
      const stop = new AbortController();
      const running = audit.run(stop.signal);
      const from = (address: string) => audit.denied({ address, action: 'GET /api/v1/nodes', code: 'unauthorized', requestId: 'req_7' });
      for (let i = 0; i < 1000; i++) from('10.0.0.1');
      from('10.0.0.2');
      const afterAMinute = async () => {
        await place.clock.advance(60_000);
        return list();
      };
      await expect.poll(afterAMinute).toHaveLength(2);
      expect(await list({ search: '10.0.0.1' })).toMatchObject([{ count: 1000, result: 'denied', actor: { kind: 'anonymous' } }]);
      from('10.0.0.1');
      stop.abort();
      await running;
      await audit[Symbol.asyncDispose]();
      expect(await list()).toHaveLength(3);
    });

    test('pages go on where the last one ended, newest first', async () => {
      await recordMany(7);
      const first = await audit.list(query({ limit: 3 }));
      const second = await audit.list(query({ limit: 3, cursor: first.nextCursor }));
      await recordMany(1); // a new one moves nothing
      const third = await audit.list(query({ limit: 3, cursor: second.nextCursor }));
      const numbers = [first, second, third].map(({ entries }) => entries.map(({ sequence }) => sequence));
      expect(numbers).toEqual([[7, 6, 5], [4, 3, 2], [1]]);
      expect(third.nextCursor).toBeNull();
    });

    test('is searched by who, what, to what, how it ended, when, and any text', async () => {
      await audit.record(toDraft({ target: 'node_1' }));
      await place.clock.advance(1000);
      const since = new Date(place.clock.now()).toISOString();
      await audit.record(toDraft({ actor: { kind: 'key', id: 'key_9', name: 'ci', role: 'developer' }, result: 'failed' }));
      await audit.record(toDraft({ action: 'POST /api/v1/models', target: '100%_sure', details: { digest: 'sha256:abc' } }));
      const found = async (filter: object) => (await list(filter)).map(({ sequence }) => sequence);
      expect(await found({ actor: 'ADA' })).toEqual([3, 1]);
      expect(await found({ actor: 'key_9' })).toEqual([2]);
      expect(await found({ action: 'models' })).toEqual([3]);
      expect(await found({ target: '0%_s' })).toEqual([3]);
      expect(await found({ target: '1_0' })).toEqual([]);
      expect(await found({ result: 'failed' })).toEqual([2]);
      expect(await found({ since })).toEqual([3, 2]);
      expect(await found({ until: since, actor: 'Ada' })).toEqual([3, 1]);
      expect(await found({ search: 'SHA256:a' })).toEqual([3]);
    });

    test('attack 5: a filter is a text and nothing else', async () => {
      await recordMany(2);
      for (const text of ["' or 1=1 --", '"; drop table audit_entries; --', '\\', '\\%', "\0'", '%']) {
        for (const field of ['actor', 'action', 'target', 'search']) expect(await list({ [field]: text }), `${field} ${text}`).toEqual([]);
      }
      expect(() => query({ cursor: '1 or 1=1' })).toThrow('cursor');
      expect(await list()).toHaveLength(2);
    });

    test('gives every text back as it was hashed: capitals, scripts, halves of characters, NUL, endless', async () => {
      const names = ['Ünï 三 😀', '\ud800 half', 'nul \0 byte', 'x'.repeat(10_000), '{"a":1}', "'"];
      for (const target of names)
        await audit.record(toDraft({ target, details: { target: target.slice(0, 100), ['__proto__']: [1, null] } }));
      await audit.record(toDraft({ details: { large: 'x'.repeat(20_000) } }));
      expect(await audit.verify()).toMatchObject({ isIntact: true, entries: 7 });
      expect((await list({ limit: 1 }))[0]?.details).toEqual({ omittedCharacters: 20_012 });
    });

    test('the key is made once, for its owner only; without it a record that has entries is not opened', async () => {
      const file = join(place.folder.secrets, 'audit.key');
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      await recordMany(1);
      expect(await problemOf(await place.open())).toBeNull();
      await rm(file);
      await expect(place.open()).rejects.toMatchObject({ code: 'audit_chain_broken' });
    });

    test('with another key nothing is intact, and nothing is added', async () => {
      await recordMany(2);
      await writeFile(join(place.folder.secrets, 'audit.key'), `${'ab'.repeat(32)}\n`);
      const other = await place.open();
      expect(await problemOf(other)).toMatchObject({ kind: 'edited', sequence: 1 });
      await expect(other.record(toDraft())).rejects.toMatchObject({ code: 'audit_chain_broken' });
    });

    test('says what is wrong, and where it begins', async () => {
      await recordMany(6);
      await dropTriggers(place.database);
      const { entries, head } = await readTables(place.database);
      const problemWith = async (rows: typeof entries) => {
        await writeTables(place.database, { entries: rows, head });
        return problemOf(audit);
      };
      const numbered = (from: number, to: number) => ({ ...entries[from - 1], sequence: to }) as (typeof entries)[number];
      expect(await problemWith(entries.map((row) => (row.sequence === 3 ? { ...row, target: 'x' } : row)))).toMatchObject({
        kind: 'edited',
        sequence: 3,
      });
      expect(await problemWith(entries.filter(({ sequence }) => sequence !== 2 && sequence !== 3))).toMatchObject({
        kind: 'removed',
        sequence: 2,
      });
      expect(
        await problemWith([...entries.slice(0, 1), numbered(5, 2), ...entries.slice(2, 4), numbered(2, 5), ...entries.slice(5)]),
      ).toMatchObject({
        kind: 'reordered',
        sequence: 2,
      });
      expect(await problemWith(entries.slice(0, 4))).toMatchObject({ kind: 'cut_off', sequence: 5 });
      expect(await problemWith([...entries, numbered(6, 7)])).toMatchObject({ kind: 'added', sequence: 7 });
      expect(await problemWith(entries)).toBeNull();
    });

    test('a head that was set back is seen by its seal, by this process, and by a checkpoint', async () => {
      await recordMany(2);
      const early = await readTables(place.database);
      await recordMany(2);
      await dropTriggers(place.database);
      const { entries, head } = await readTables(place.database);
      const setBack = head.map((row) => ({ ...row, sequence: 2, hash: entries[1]?.hash ?? '' }));
      await writeTables(place.database, { entries: entries.slice(0, 2), head: setBack });
      expect(await problemOf(await place.open())).toMatchObject({ kind: 'unsealed', sequence: 3 });

      await writeTables(place.database, early); // somebody kept a copy, seal and all
      expect(await problemOf(await place.open())).toBeNull();
      expect(await problemOf(audit)).toMatchObject({ kind: 'cut_off', sequence: 3 });
      await audit[Symbol.asyncDispose](); // takes a checkpoint of what it has written
      expect(await problemOf(await place.open())).toMatchObject({ kind: 'cut_off', sequence: 3 });
    });

    test('a checkpoint is taken of each thousand entries, of each hour, and at the end', async () => {
      const lines = async () => (await readFile(place.checkpointFile, 'utf8').catch(() => '')).split('\n').length - 1;
      const stop = new AbortController();
      const running = audit.run(stop.signal);
      await place.database.transaction(async (transaction) => {
        let ends = await audit.append(transaction, toDraft());
        for (let i = 1; i < 1000; i++) ends = await audit.append(transaction, toDraft());
        audit.committed(ends);
      });
      await expect.poll(lines).toBe(1);
      await recordMany(1);
      const afterAnHour = async () => {
        await place.clock.advance(61 * 60_000);
        return lines();
      };
      await expect.poll(afterAnHour).toBe(2);
      await recordMany(1);
      stop.abort();
      await running;
      await audit[Symbol.asyncDispose]();
      expect(await lines()).toBe(3);
      expect(await audit.verify()).toMatchObject({ isIntact: true, entries: 1002, checkpoints: 3 });
    });

    test('a forged checkpoint is seen, half of one is thrown away', async () => {
      await recordMany(2);
      await audit[Symbol.asyncDispose]();
      const whole = await readFile(place.checkpointFile, 'utf8');
      await writeFile(place.checkpointFile, whole.slice(0, -20));
      expect(await (await place.open()).verify()).toMatchObject({ isIntact: true, checkpoints: 0 });
      await writeFile(place.checkpointFile, whole.replace('"sequence":2', '"sequence":1'));
      expect(await problemOf(await place.open())).toMatchObject({ kind: 'checkpoint', sequence: 1 });
    });

    test('what is too old goes, up to a checkpoint, and the rest is still a chain', async () => {
      await recordMany(3);
      await audit[Symbol.asyncDispose](); // takes a checkpoint
      await recordMany(2);
      await place.clock.advance(11 * DAY_MS);
      const stop = new AbortController();
      const young = await place.open({ retentionDays: 10 });
      const running = young.run(stop.signal);
      await expect.poll(async () => (await list({ action: 'audit.retention' })).length).toBe(1);
      stop.abort();
      await running;
      const { entries } = await audit.list(query());
      expect(entries.map(({ sequence }) => sequence)).toEqual([6]);
      expect(entries[0]?.details).toMatchObject({ removed: 5, until: 5 });
      expect(await (await place.open()).verify()).toMatchObject({ isIntact: true, entries: 1, firstSequence: 6 });
      await recordMany(1);
      expect(await problemOf(audit)).toBeNull();
    });

    test('retention removes nothing of which there is no checkpoint, and nothing that is young', async () => {
      await recordMany(2);
      await place.clock.advance(11 * DAY_MS);
      const stop = new AbortController();
      await rm(place.checkpointFile, { force: true });
      stop.abort();
      await (await place.open({ retentionDays: 20 })).run(stop.signal);
      expect(await list()).toHaveLength(2);
    });

    test('an anchor that somebody else moved is seen', async () => {
      await recordMany(4);
      const { entries, head } = await readTables(place.database);
      await dropTriggers(place.database);
      await writeTables(place.database, {
        entries: entries.slice(2),
        head: head.map((row) => ({ ...row, anchor_sequence: 2, anchor_hash: entries[1]?.hash ?? '' })),
      });
      expect(await problemOf(audit)).toMatchObject({ kind: 'unsealed' });
    });

    test('is exported oldest first, past the size of a page', async () => {
      await place.database.transaction(async (transaction) => {
        for (let i = 0; i < 1100; i++) audit.committed(await audit.append(transaction, toDraft({ target: i % 2 === 0 ? 'even' : 'odd' })));
      });
      const read = await Array.fromAsync(audit.read({ target: 'even' }));
      expect(read.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 550 }, (_, i) => 2 * i + 1));
    });
  });
}

async function insertCopy(transaction: Query, sequence: number): Promise<void> {
  const row = await transaction.selectFrom('audit_entries').selectAll().where('sequence', '=', 3).executeTakeFirstOrThrow();
  await transaction
    .insertInto('audit_entries')
    .values({ ...row, sequence })
    .execute();
}

/** SQLite's own way to lose a row without a trigger of removals; PostgreSQL has an update instead of it. */
const replaceEntry = (transaction: Query) =>
  sql`insert into audit_entries select sequence, at, actor_kind, actor_id, 'Eve', actor_role, address, action, target, result, details_json, request_id, count, hash
    from audit_entries where sequence = 3 on conflict (sequence) do update set actor_name = 'Eve'`.execute(transaction);

const emptyTables = (transaction: Query, kind: Database['kind']) =>
  sql.raw(kind === 'postgres' ? 'truncate audit_entries' : 'delete from audit_entries').execute(transaction);
