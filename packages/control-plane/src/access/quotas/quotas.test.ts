import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isClusterError, type KeyLimits } from '@cluster-ai/contracts';
import { createManualClock, silentLogger } from '@cluster-ai/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../stores/database.ts';
import { openDatabase } from '../../stores/open-database.ts';
import { findPostgresPrograms, startThrowawayPostgres, type ThrowawayPostgres } from '../../stores/testing/throwaway-postgres.ts';
import { openQuotas } from './open-quotas.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const start = Date.UTC(2026, 10, 28, 12, 0, 30);

const programs = await findPostgresPrograms();
const folder = mkdtempSync(join(tmpdir(), 'cai-quotas-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

const quota = (subject: string, limits: KeyLimits = {}) => ({ subject, name: subject, limits });
const caller = (...quotas: ReturnType<typeof quota>[]) => ({ quotas });

function describeQuotas(openStore: () => Promise<Database>) {
  async function open() {
    const database = await openStore();
    const clock = createManualClock(start);
    const reopen = () => openQuotas({ database, clock, log: silentLogger });
    return { database, clock, reopen, quotas: await reopen(), [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
  }
  const refusal = (begin: () => void) => {
    try {
      begin();
      return undefined;
    } catch (error) {
      if (isClusterError(error)) return error;
      throw error;
    }
  };

  test.each([
    ['requestsPerMinute', 30, '2026-11-28T12:01:00.000Z', MINUTE],
    ['requestsPerDay', 12 * 3600 - 30, '2026-11-29T00:00:00.000Z', DAY],
    ['requestsPerMonth', 2.5 * 24 * 3600 - 30, '2026-12-01T00:00:00.000Z', 3 * DAY],
  ] as const)('%s holds until its time is over, and says when that is', async (name, seconds, resetsAt, later) => {
    await using opened = await open();
    const asker = caller(quota('a', { [name]: 2 }));
    for (let i = 0; i < 2; i++) opened.quotas.begin(asker);
    expect(refusal(() => opened.quotas.begin(asker))).toMatchObject({
      code: 'quota_exceeded',
      retryAfterSeconds: seconds,
      details: { limit: name, subject: 'a', allowed: 2, used: 2, resetsAt },
      message: expect.stringContaining(resetsAt.replace('.000Z', 'Z')),
    });
    await opened.clock.advance(later);
    expect(refusal(() => opened.quotas.begin(asker))).toBeUndefined();
  });

  test.each([
    ['tokensPerMinute', MINUTE],
    ['tokensPerDay', DAY],
    ['tokensPerMonth', 31 * DAY],
  ] as const)('%s holds once the tokens are used', async (name, later) => {
    await using opened = await open();
    const asker = caller(quota('a', { [name]: 100 }));
    opened.quotas.charge(asker, 99);
    opened.quotas.begin(asker);
    opened.quotas.charge(asker, 1);
    expect(refusal(() => opened.quotas.begin(asker))).toMatchObject({ details: { limit: name } });
    await opened.clock.advance(later);
    opened.quotas.begin(asker);
  });

  test('a budget does not come back, and nobody is told to wait for it', async () => {
    await using opened = await open();
    opened.quotas.charge(caller(quota('a')), 1000);
    await opened.clock.advance(400 * DAY);
    const asker = caller(quota('a', { budgetTokens: 1000, tokensPerDay: 1 }));
    const refused = refusal(() => opened.quotas.begin(asker));
    expect(refused).toMatchObject({ code: 'quota_exceeded', details: { limit: 'budgetTokens', resetsAt: null } });
    expect(refused?.retryAfterSeconds).toBeUndefined();
    opened.quotas.begin(caller(quota('a', { budgetTokens: 1001 })));
  });

  test('of several limits the one that lasts longest is named', async () => {
    await using opened = await open();
    opened.quotas.charge(caller(quota('a')), 10);
    const asker = caller(quota('a', { tokensPerMinute: 1, tokensPerMonth: 2, tokensPerDay: 1 }));
    expect(refusal(() => opened.quotas.begin(asker))).toMatchObject({ details: { limit: 'tokensPerMonth' } });
  });

  test('what a key uses counts for its owner as well, and a refused request for nobody', async () => {
    await using opened = await open();
    const owner = quota('person_1', { requestsPerDay: 3 });
    const [first, second] = [caller(quota('k1', { requestsPerDay: 2 }), owner), caller(quota('k2'), owner)];
    for (let i = 0; i < 2; i++) opened.quotas.begin(first);
    expect(refusal(() => opened.quotas.begin(first))).toMatchObject({ details: { subject: 'k1' } });
    opened.quotas.begin(second);
    expect(refusal(() => opened.quotas.begin(second))).toMatchObject({ details: { subject: 'person_1', used: 3 } });
    expect((await opened.quotas.usageOf(owner)).day.requests).toBe(3);
  });

  test('day, month and budget outlive a restart; a crash forgets the last seconds and no more', async () => {
    await using opened = await open();
    const { quotas, clock, reopen } = opened;
    const stop = new AbortController();
    const running = quotas.run(stop.signal);
    const asker = caller(quota('a', { tokensPerDay: 100 }));
    quotas.begin(asker);
    quotas.charge(asker, 100);
    const savedOf = async () =>
      (await opened.database.query.selectFrom('usage_counters').select('tokens').execute()).map(({ tokens }) => tokens);
    const saved = async () => {
      await clock.advance(5000);
      return savedOf();
    };
    await expect.poll(saved).toEqual([100, 100, 100]);
    quotas.charge(asker, 7); // never written: the process is killed here
    const again = await reopen();
    expect(refusal(() => again.begin(asker))).toMatchObject({ code: 'quota_exceeded' });
    const { minute, day, month, ever, days } = await again.usageOf(quota('a'));
    expect([minute, day, month, ever]).toEqual([
      { requests: 0, tokens: 0 },
      { requests: 1, tokens: 100 },
      { requests: 1, tokens: 100 },
      { requests: 1, tokens: 100 },
    ]);
    expect(days).toEqual([{ day: '2026-11-28', requests: 1, tokens: 100 }]);
    stop.abort();
    await running;
    await quotas[Symbol.asyncDispose]();
    expect(await savedOf()).toEqual([107, 107, 107]);
  });

  test('what was used just before midnight is that day’s', async () => {
    await using opened = await open();
    await opened.clock.advance(11 * HOUR + 59 * MINUTE + 29_000);
    const asker = caller(quota('a'));
    opened.quotas.charge(asker, 5);
    await opened.clock.advance(2000);
    opened.quotas.charge(asker, 3);
    const { day, month, days } = await opened.quotas.usageOf(quota('a'));
    expect([day.tokens, month.tokens]).toEqual([3, 8]);
    expect(days.map(({ day: name, tokens }) => [name, tokens])).toEqual([
      ['2026-11-29', 3],
      ['2026-11-28', 5],
    ]);
  });

  test('two control planes add up', async () => {
    await using opened = await open();
    const other = await opened.reopen();
    const asker = caller(quota('a'));
    for (const quotas of [opened.quotas, other, opened.quotas]) {
      quotas.charge(asker, 10);
      await quotas[Symbol.asyncDispose]();
    }
    const { ever } = await (await opened.reopen()).usageOf(quota('a'));
    expect(ever.tokens).toBe(30);
    if (opened.database.kind !== 'postgres') return; // where another one can be
    await other[Symbol.asyncDispose]();
    expect((await other.usageOf(quota('a'))).ever.tokens).toBe(30);
  });

  test('what cannot be written is written later, once', async () => {
    await using opened = await open();
    const { database, clock } = opened;
    let isDown = true;
    const flaky: Database = {
      ...database,
      transaction: (work, options) => (isDown ? Promise.reject(new Error('It is down.')) : database.transaction(work, options)),
    };
    const quotas = await openQuotas({ database: flaky, clock, log: silentLogger });
    quotas.charge(caller(quota('a')), 10);
    await quotas[Symbol.asyncDispose]();
    quotas.charge(caller(quota('a')), 1);
    isDown = false;
    for (let i = 0; i < 2; i++) await quotas[Symbol.asyncDispose]();
    expect((await (await opened.reopen()).usageOf(quota('a'))).ever.tokens).toBe(11);
  });

  test('days that are long past are removed, their sum is not', async () => {
    await using opened = await open();
    opened.quotas.charge(caller(quota('a')), 10);
    await opened.quotas[Symbol.asyncDispose]();
    await opened.clock.advance(500 * DAY);
    await (await opened.reopen())[Symbol.asyncDispose]();
    const { days, ever } = await (await opened.reopen()).usageOf(quota('a'));
    expect([days, ever.tokens]).toEqual([[], 10]);
  });

  test('who has no quota is counted nowhere', async () => {
    await using opened = await open();
    opened.quotas.begin({});
    opened.quotas.charge({}, 5);
    await opened.quotas[Symbol.asyncDispose]();
    expect(await opened.database.query.selectFrom('usage_counters').selectAll().execute()).toEqual([]);
  });
}

describe('quotas in sqlite', () =>
  describeQuotas(() => openDatabase({ url: '', folder: { database: join(folder, `${count++}.db`) }, log: silentLogger })));

describe.skipIf(programs === undefined)('quotas in postgres', () => {
  let server: ThrowawayPostgres;
  beforeAll(async () => {
    server = await startThrowawayPostgres(programs ?? '');
  });
  afterAll(() => server[Symbol.asyncDispose]());
  describeQuotas(async () => openDatabase({ url: await server.createDatabase(), folder: { database: '' }, log: silentLogger }));
});
