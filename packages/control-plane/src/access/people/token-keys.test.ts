import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createManualClock, silentLogger } from '@cluster-ai/runtime';
import { afterAll, expect, test } from 'vitest';
import { openDatabase } from '../../stores/open-database.ts';
import { openTestSecrets } from '../secrets/testing/open-test-secrets.ts';
import { createTokenKeys } from './token-keys.ts';

const folder = mkdtempSync(join(tmpdir(), 'cai-token-keys-'));
const clock = createManualClock();
const database = await openDatabase({ url: '', folder: { database: join(folder, 'keys.db') }, log: silentLogger });
const secrets = await openTestSecrets(database, clock);
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const openKeys = () => createTokenKeys({ database, secrets, clock });
const many = Array.from({ length: 20 });

test('all who come at once sign with one key, and are believed right after a start', async () => {
  const keys = openKeys();
  const ids = new Set((await Promise.all(many.map(() => keys.forSigning()))).map(({ id }) => id));
  expect(ids.size).toBe(1);
  const [id = ''] = ids;
  const fresh = openKeys();
  const found = await Promise.all(many.map(() => fresh.forChecking(id)));
  expect(found.every((key) => key !== undefined)).toBe(true);
});

test('a key that another control plane made is found by all who ask while the keys are read', async () => {
  const one = openKeys();
  await one.forSigning();
  await clock.advance(31 * 24 * 3_600_000);
  const { id } = await openKeys().forSigning();
  const found = await Promise.all(many.map(() => one.forChecking(id)));
  expect(found.every((key) => key !== undefined)).toBe(true);
});
