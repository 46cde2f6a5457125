import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CreateApiKeyInput, createApiKeyShape, type Role } from '@cluster-ai/contracts';
import { createManualClock, silentLogger } from '@cluster-ai/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../stores/database.ts';
import { openDatabase } from '../../stores/open-database.ts';
import { findPostgresPrograms, startThrowawayPostgres, type ThrowawayPostgres } from '../../stores/testing/throwaway-postgres.ts';
import type { Caller } from '../caller.ts';
import { permissionsOf } from '../roles.ts';
import { openApiKeys } from './api-keys.ts';

const caller = (ownerId: string, role: Role): Caller => ({
  kind: 'person',
  id: ownerId,
  ownerId,
  name: ownerId,
  role,
  permissions: permissionsOf(role),
  models: undefined,
});
const anna = caller('anna', 'developer');
const bert = caller('bert', 'developer');
const admin = caller('ada', 'admin');
const wish = (more: Partial<CreateApiKeyInput> = {}) => createApiKeyShape.parse({ name: 'app', ...more });

const programs = await findPostgresPrograms();
const folder = mkdtempSync(join(tmpdir(), 'cai-keys-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

function describeKeys(openStore: () => Promise<Database>) {
  async function open() {
    const database = await openStore();
    const clock = createManualClock();
    const keys = await openApiKeys({ database, clock, log: silentLogger });
    const reopen = () => openApiKeys({ database, clock, log: silentLogger });
    return { keys, clock, database, reopen, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
  }

  test('a key signs in with its role and name, also after a restart', async () => {
    await using opened = await open();
    const { key, id } = await opened.keys.create(anna, wish());
    for (const keys of [opened.keys, await opened.reopen()])
      expect(keys.authenticate(key)).toMatchObject({ kind: 'key', id, ownerId: 'anna', name: 'app', role: 'developer' });
  });

  test('nothing from which the key could be made again is stored', async () => {
    await using opened = await open();
    const { key } = await opened.keys.create(anna, wish());
    const rows = JSON.stringify(await opened.database.query.selectFrom('api_keys').selectAll().execute());
    expect(rows).not.toContain(key.slice(16, 40));
  });

  test('a revoked key is refused at once and for ever', async () => {
    await using opened = await open();
    const { key, id } = await opened.keys.create(anna, wish());
    await opened.keys.revoke(anna, id);
    await opened.keys.revoke(anna, id);
    for (const keys of [opened.keys, await opened.reopen()])
      expect(() => keys.authenticate(key)).toThrow(expect.objectContaining({ code: 'key_revoked' }));
  });

  test('an expired key is refused', async () => {
    await using opened = await open();
    const { key } = await opened.keys.create(anna, wish({ expiresInSeconds: 60 }));
    expect(opened.keys.authenticate(key).name).toBe('app');
    await opened.clock.advance(60_000);
    expect(() => opened.keys.authenticate(key)).toThrow(expect.objectContaining({ code: 'key_expired' }));
  });

  test('a key that was used before is refused as well once it is revoked or has expired, and a wrong one beside it always', async () => {
    await using opened = await open();
    const lasting = await opened.keys.create(anna, wish());
    const short = await opened.keys.create(anna, wish({ expiresInSeconds: 60 }));
    const wrong = lasting.key.replace(/.{8}$/, 'xxxxxxxx');
    for (let i = 0; i < 2; i++) {
      for (const { key, id } of [lasting, short]) expect(opened.keys.authenticate(key).id).toBe(id);
      expect(() => opened.keys.authenticate(wrong)).toThrow(expect.objectContaining({ code: 'unauthorized' }));
    }
    await opened.keys.revoke(anna, lasting.id);
    await opened.clock.advance(60_000);
    expect(() => opened.keys.authenticate(lasting.key)).toThrow(expect.objectContaining({ code: 'key_revoked' }));
    expect(() => opened.keys.authenticate(short.key)).toThrow(expect.objectContaining({ code: 'key_expired' }));
  });

  test('a key that was never made is refused', async () => {
    await using opened = await open();
    const { key } = await opened.keys.create(anna, wish());
    for (const text of [`${key}x`, key.slice(0, -1), key.replace(/_[a-z0-9]{8}_/, '_aaaaaaaa_'), 'cai_sk_'])
      expect(() => opened.keys.authenticate(text)).toThrow(expect.objectContaining({ code: 'unauthorized' }));
  });

  test('scopes take away, and never add', async () => {
    await using opened = await open();
    const narrow = await opened.keys.create(anna, wish({ scopes: ['inference:use'] }));
    expect([...opened.keys.authenticate(narrow.key).permissions]).toEqual(['inference:use']);
  });

  test('nobody makes a key that may more than he may', async () => {
    await using opened = await open();
    await expect(opened.keys.create(anna, wish({ role: 'admin' }))).rejects.toMatchObject({ code: 'forbidden' });
    await expect(opened.keys.create({ ...anna, models: ['a'] }, wish({ models: ['a', 'b'] }))).rejects.toMatchObject({ code: 'forbidden' });
    await expect(opened.keys.create({ ...anna, models: ['a'] }, wish())).rejects.toMatchObject({ code: 'forbidden' });
    await expect(opened.keys.create(admin, wish({ role: 'admin' }))).resolves.toMatchObject({ role: 'admin' });
  });

  test('attack 27: keys of somebody else are not seen and not revoked, but by an admin', async () => {
    await using opened = await open();
    const { id } = await opened.keys.create(anna, wish());
    expect(opened.keys.list(bert)).toEqual([]);
    await expect(opened.keys.revoke(bert, id)).rejects.toMatchObject({ code: 'key_not_found' });
    expect(opened.keys.list(admin)).toHaveLength(1);
    await expect(opened.keys.revoke(admin, id)).resolves.toMatchObject({ id });
  });

  test('a key is counted by its id, with its limits, also after a restart', async () => {
    await using opened = await open();
    const limits = { requestsPerMinute: 2, budgetTokens: 100 };
    const { key, id } = await opened.keys.create(anna, wish({ limits }));
    for (const keys of [opened.keys, await opened.reopen()])
      expect(keys.authenticate(key).quotas).toEqual([{ subject: id, name: 'app', limits }]);
    expect(opened.keys.quotaOf(anna, id)).toEqual({ subject: id, name: 'app', limits });
    expect(() => opened.keys.quotaOf(bert, id)).toThrow(expect.objectContaining({ code: 'key_not_found' }));
  });

  test('a limit that nobody knows is refused, not forgotten', () => {
    expect(() => wish({ limits: { tokensPerHour: 5 } as never })).toThrow('tokensPerHour');
  });

  test('a key with limits cannot make one that has none', async () => {
    await using opened = await open();
    const { key } = await opened.keys.create(anna, wish({ limits: { tokensPerDay: 5 } }));
    await expect(opened.keys.create(opened.keys.authenticate(key), wish())).rejects.toMatchObject({ code: 'forbidden' });
    const free = await opened.keys.create(anna, wish());
    await expect(opened.keys.create(opened.keys.authenticate(free.key), wish())).resolves.toMatchObject({ name: 'app' });
  });

  test('when a key was last used is written in the background', async () => {
    await using opened = await open();
    const stop = new AbortController();
    const running = opened.keys.run(stop.signal);
    const { key } = await opened.keys.create(anna, wish());
    opened.keys.authenticate(key);
    stop.abort();
    await running;
    expect(opened.keys.list(anna)[0]?.lastUsedAt).not.toBeNull();
  });
}

describe('keys in sqlite', () =>
  describeKeys(() => openDatabase({ url: '', folder: { database: join(folder, `${count++}.db`) }, log: silentLogger })));

describe.skipIf(programs === undefined)('keys in postgres', () => {
  let server: ThrowawayPostgres;
  beforeAll(async () => {
    server = await startThrowawayPostgres(programs ?? '');
  });
  afterAll(() => server[Symbol.asyncDispose]());
  describeKeys(async () => openDatabase({ url: await server.createDatabase(), folder: { database: '' }, log: silentLogger }));
});
