import { rm } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditEntryRow } from '../../stores/tables.ts';
import { findPostgresPrograms, startThrowawayPostgres, type ThrowawayPostgres } from '../../stores/testing/throwaway-postgres.ts';
import { type AuditPlace, dropTriggers, openPlace, readTables, type Tables, toDraft, writeTables } from './testing/open-place.ts';

const ENTRIES = 8;
const position = fc.integer({ min: 0, max: ENTRIES - 1 });
const text = fc
  .oneof(fc.string({ maxLength: 20 }), fc.constantFrom('', 'Ada', 'ok', 'node_1'))
  .map((value) => value.replaceAll('\0', '').toWellFormed());

const textColumns = ['actor_kind', 'actor_id', 'actor_name', 'actor_role', 'address', 'action', 'target', 'request_id', 'hash'] as const;
const change: fc.Arbitrary<Partial<AuditEntryRow>> = fc.oneof(
  fc.tuple(fc.constantFrom(...textColumns), text).map(([column, value]) => ({ [column]: value })),
  fc.constantFrom('ok' as const, 'denied' as const, 'failed' as const).map((result) => ({ result })),
  fc.integer({ min: -1, max: 10 }).map((count) => ({ count })),
  fc.integer({ min: 0, max: 2 ** 52 }).map((at) => ({ at })),
  fc
    .constantFrom('{}', '{"index": 1}', '{"index":"1"}', '{"index":1,"index":1}', '[]', 'null', 'no JSON', ' {"index":1}')
    .map((details_json) => ({ details_json })),
);

type Tampering = (tables: Tables) => Tables;
const at = (rows: readonly AuditEntryRow[], index: number) => rows[index] as AuditEntryRow;
const toText = ({ entries, head }: Tables) => JSON.stringify([entries, head]);
const numbered = (rows: readonly AuditEntryRow[]) => rows.map((row, index) => ({ ...row, sequence: index + 1 }));
/** The head that fits to these rows, with the seal of the true one: nobody else can make another. */
const fitHead = ({ head }: Tables, entries: readonly AuditEntryRow[]): Tables => ({
  entries,
  head: head.map((row) => ({ ...row, sequence: entries.at(-1)?.sequence ?? 0, hash: entries.at(-1)?.hash ?? '0'.repeat(64) })),
});

const edits = fc.tuple(position, change).map(
  ([index, changed]): Tampering =>
    ({ entries, head }) => ({ head, entries: entries.map((row, i) => (i === index ? { ...row, ...changed } : row)) }),
);
const removals = fc.tuple(fc.uniqueArray(position, { minLength: 1 }), fc.boolean(), fc.boolean()).map(
  ([gone, isRenumbered, hasFittingHead]): Tampering =>
    (tables) => {
      const left = tables.entries.filter((_, index) => !gone.includes(index));
      const rows = isRenumbered ? numbered(left) : left;
      return hasFittingHead ? fitHead(tables, rows) : { ...tables, entries: rows };
    },
);
const truncations = fc.tuple(fc.integer({ min: 0, max: ENTRIES - 1 }), fc.boolean()).map(
  ([kept, hasFittingHead]): Tampering =>
    (tables) => {
      const rows = tables.entries.slice(0, kept);
      return hasFittingHead ? fitHead(tables, rows) : { ...tables, entries: rows };
    },
);
const prefixCuts = fc.integer({ min: 1, max: ENTRIES }).map(
  (cut): Tampering =>
    ({ entries, head }) => ({
      entries: entries.slice(cut),
      head: head.map((row) => ({ ...row, anchor_sequence: cut, anchor_hash: at(entries, cut - 1).hash })),
    }),
);
const reorderings = fc
  .tuple(
    fc.shuffledSubarray(
      Array.from({ length: ENTRIES }, (_, i) => i),
      { minLength: ENTRIES },
    ),
    fc.boolean(),
  )
  .map(
    ([order, hashesStay]): Tampering =>
      ({ entries, head }) => ({
        head,
        entries: numbered(order.map((from, to) => ({ ...at(entries, from), ...(hashesStay ? { hash: at(entries, to).hash } : {}) }))),
      }),
  );
const additions = fc.tuple(position, fc.integer({ min: 1, max: 3 })).map(
  ([copied, after]): Tampering =>
    ({ entries, head }) => ({ head, entries: [...entries, { ...at(entries, copied), sequence: ENTRIES + after }] }),
);

const tamperings = { edits, removals, truncations, prefixCuts, reorderings, additions };

/** Nobody who has the database, but not the key, gets past a fresh start of the program that has no checkpoint. */
function describeTampering(name: string, makePlace: () => Promise<AuditPlace>): void {
  describe(`what somebody changes in ${name} is seen:`, () => {
    let place: AuditPlace;
    let genuine: Tables;
    beforeAll(async () => {
      place = await makePlace();
      const audit = await place.open();
      for (let i = 0; i < ENTRIES; i++) await audit.record(toDraft({ target: `node_${i % 3}`, details: { index: i } }));
      await dropTriggers(place.database);
      genuine = await readTables(place.database);
      await rm(place.checkpointFile, { force: true });
    });
    afterAll(() => place[Symbol.asyncDispose]());

    const verifyWith = async (tables: Tables) => {
      await writeTables(place.database, tables);
      return (await place.open()).verify();
    };

    test.each(Object.entries(tamperings))('%s', async (_kind, arbitrary) => {
      await fc.assert(
        fc.asyncProperty(arbitrary, async (tamper) => {
          const tampered = tamper(genuine);
          fc.pre(toText(tampered) !== toText(genuine));
          const { isIntact, problem } = await verifyWith(tampered);
          expect([isIntact, problem?.sequence], toText(tampered)).toEqual([false, expect.any(Number)]);
        }),
        { numRuns: 60 },
      );
      expect(await verifyWith(genuine)).toMatchObject({ isIntact: true, entries: ENTRIES });
    });

    test('a single edit or removal is named by its number', async () => {
      await fc.assert(
        fc.asyncProperty(position, async (index) => {
          const edited = genuine.entries.map((row, i) => (i === index ? { ...row, target: `${row.target}!` } : row));
          expect((await verifyWith({ ...genuine, entries: edited })).problem).toMatchObject({ kind: 'edited', sequence: index + 1 });
          const left = genuine.entries.filter((_, i) => i !== index);
          const kind = index === ENTRIES - 1 ? 'cut_off' : 'removed';
          expect((await verifyWith({ ...genuine, entries: left })).problem).toMatchObject({ kind, sequence: index + 1 });
        }),
        { numRuns: 10 },
      );
    });
  });
}

const programs = await findPostgresPrograms();

describeTampering('sqlite', () => openPlace());

describe.skipIf(programs === undefined)('on a real server', () => {
  let server: ThrowawayPostgres;
  beforeAll(async () => {
    server = await startThrowawayPostgres(programs ?? '');
  });
  afterAll(() => server[Symbol.asyncDispose]());

  describeTampering('postgres', async () => openPlace(await server.createDatabase()));
});
