import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@cluster-ai/runtime';
import { afterAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../stores/open-database.ts';
import { createMemoryNodeRecords } from './memory-node-records.ts';
import type { JoinTokenRecord, NodeRecord, NodeRecords } from './node-record.ts';
import { createNodeRecords } from './node-records.ts';

const token: JoinTokenRecord = { id: 't1', secretHash: 'h', name: '', isLocal: true, createdAt: 1000, expiresAt: 2000, usedAt: null };
const node = (id: string): NodeRecord => ({
  id,
  name: id,
  joinedAt: 1500,
  isLocal: true,
  approvedAt: 1500,
  certificateSerial: '01',
  certificateExpiresAt: 9000,
  lastSeenAt: null,
  facts: { agentVersion: '1.0.0', hardware: null },
});
const acceptUnused = (id: string) => (found: JoinTokenRecord | undefined) => {
  if (found?.usedAt !== null) throw new Error(found === undefined ? 'unknown' : 'used');
  return node(id);
};

const folder = mkdtempSync(join(tmpdir(), 'cai-records-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
const openSqliteRecords = async () => {
  const database = await openDatabase({ url: '', folder: { database: join(folder, `${count++}.db`) }, log: silentLogger });
  return { records: createNodeRecords(database), [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
};
const openMemoryRecords = async () => ({ records: createMemoryNodeRecords(), [Symbol.asyncDispose]: async () => {} });

describe.each([
  ['memory', openMemoryRecords],
  ['sqlite', openSqliteRecords],
] satisfies [string, () => Promise<{ records: NodeRecords } & AsyncDisposable>][])('node records in %s', (_kind, open) => {
  test('a token brings one node, and is used afterwards', async () => {
    await using opened = await open();
    const { records } = opened;
    await records.addToken(token);
    await records.redeemToken('t1', 1500, acceptUnused('a'));
    await expect(records.redeemToken('t1', 1600, acceptUnused('b'))).rejects.toThrow('used');
    expect(await records.list()).toEqual([node('a')]);
  });

  test('of two that come with one token at the same time, one stays outside', async () => {
    await using opened = await open();
    const { records } = opened;
    await records.addToken(token);
    const results = await Promise.allSettled([
      records.redeemToken('t1', 1500, acceptUnused('a')),
      records.redeemToken('t1', 1500, acceptUnused('b')),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await records.list()).toHaveLength(1);
  });

  test('a node that waits for approval is approved once, and a removed one never', async () => {
    await using opened = await open();
    const { records } = opened;
    await records.addToken(token);
    await records.redeemToken('t1', 1500, (found) => ({ ...acceptUnused('a')(found), approvedAt: null }));
    expect(await records.list()).toMatchObject([{ approvedAt: null }]);
    expect(await records.approve('a', 1700)).toBe(true);
    expect(await records.approve('a', 1800)).toBe(true);
    expect(await records.list()).toMatchObject([{ approvedAt: 1700 }]);
    await records.remove('a', 1900);
    expect(await records.approve('a', 2000)).toBe(false);
    expect(await records.approve('b', 2000)).toBe(false);
  });

  test('an unknown token changes nothing', async () => {
    await using opened = await open();
    const { records } = opened;
    await expect(records.redeemToken('t9', 1500, acceptUnused('a'))).rejects.toThrow('unknown');
    expect(await records.list()).toEqual([]);
  });

  test('what is learnt about a node is kept; a removed one is forgotten and cannot renew', async () => {
    await using opened = await open();
    const { records } = opened;
    await records.addToken(token);
    await records.redeemToken('t1', 1500, acceptUnused('a'));
    expect(await records.renewCertificate('a', '02', 9999)).toBe(true);
    await records.saveSeen('a', 1700, { agentVersion: '1.0.1', hardware: null });
    expect(await records.list()).toMatchObject([{ certificateSerial: '02', lastSeenAt: 1700, facts: { agentVersion: '1.0.1' } }]);
    expect(await records.remove('a', 1800)).toBe(true);
    expect(await records.remove('a', 1900)).toBe(false);
    expect(await records.renewCertificate('a', '03', 9999)).toBe(false);
    expect(await records.list()).toEqual([]);
  });
});
