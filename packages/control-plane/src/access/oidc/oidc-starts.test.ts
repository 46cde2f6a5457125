import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createManualClock, silentLogger } from '@cluster-ai/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../stores/database.ts';
import { openDatabase } from '../../stores/open-database.ts';
import { findPostgresPrograms, startThrowawayPostgres, type ThrowawayPostgres } from '../../stores/testing/throwaway-postgres.ts';
import { createOidcStarts } from './oidc-starts.ts';

const folder = mkdtempSync(join(tmpdir(), 'cai-starts-'));
const programs = await findPostgresPrograms();
let server: ThrowawayPostgres | undefined;
beforeAll(async () => {
  if (programs !== undefined) server = await startThrowawayPostgres(programs);
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});
const openSqlite = () => openDatabase({ url: '', folder: { database: join(folder, 'one.db') }, log: silentLogger });
const openPostgres = async () => openDatabase({ url: (await server?.createDatabase()) ?? '', folder: { database: '' }, log: silentLogger });
const callback = 'https://lab.example/api/v1/sign-in/oidc/callback';

describe.each([
  ['sqlite', openSqlite, true],
  ['postgres', openPostgres, programs !== undefined],
] satisfies [string, () => Promise<Database>, boolean][])('a sign-in under way, on %s', (_kind, open, isThere) => {
  test.skipIf(!isThere)('is finished by any control plane on the database, once, in its browser, within five minutes', async () => {
    await using database = await open();
    const clock = createManualClock();
    const first = createOidcStarts(database, clock.now);
    const second = createOidcStarts(database, clock.now);
    const [mine, stolen, old] = [await first.add(callback), await first.add(callback), await first.add(callback)];
    expect(await second.take(mine.state, mine.browser)).toEqual({ callbackUrl: callback });
    expect(await first.take(mine.state, mine.browser)).toBeUndefined();
    expect(await second.take(stolen.state, mine.browser)).toBeUndefined();
    expect(await second.take(stolen.state, stolen.browser), 'it was used up by that').toBeUndefined();
    expect(await second.take('guessed', mine.browser)).toBeUndefined();
    await clock.advance(5 * 60_000);
    expect(await second.take(old.state, old.browser)).toBeUndefined();
    const kept = await first.add(callback);
    const rows = await database.query.selectFrom('oidc_starts').selectAll().execute();
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toMatch(new RegExp(`${kept.state}|${kept.browser}`));
  });
});
