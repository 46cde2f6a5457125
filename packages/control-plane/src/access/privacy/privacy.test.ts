import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditQueryShape, createApiKeyShape, personExportShape } from '@cluster-ai/contracts';
import { createManualClock, locateDataFolder, makeDataFolder, silentLogger } from '@cluster-ai/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTestChats, type TestChats } from '../../chats/testing/open-test-chats.ts';
import type { Database } from '../../stores/database.ts';
import { openDatabase } from '../../stores/open-database.ts';
import { type Acts, createActs } from '../audit/acts.ts';
import type { Audit } from '../audit/audit.ts';
import { openAudit } from '../audit/open-audit.ts';
import { withAudit } from '../audit/with-audit.ts';
import type { Caller } from '../caller.ts';
import { openPeopleApp, type PeopleApp, type Visitor } from '../people/testing/open-people-app.ts';
import { permissionsOf } from '../roles.ts';
import { createPrivacy, type Privacy } from './privacy.ts';

const DAY_MS = 24 * 60 * 60_000;
const host: Caller = {
  kind: 'host',
  id: 'host',
  ownerId: 'local',
  name: 'the owner of this machine',
  role: 'admin',
  permissions: permissionsOf('admin'),
  models: undefined,
};

let root: string;
let stored: Database;
let audit: Audit;
let acts: Acts;
let app: PeopleApp;
let opened: TestChats;
let chats: TestChats['store'];
let privacy: Privacy;
let ana: Visitor;
let biaId: string;

const callerOf = (name: string): Caller => {
  const person = app.access.people.get(name);
  return { ...host, kind: 'person', id: person.id, ownerId: person.id, name, role: person.role, permissions: permissionsOf(person.role) };
};
const doAs = (name: string, target: string, work: () => Promise<unknown> = async () => {}) => {
  const { kind, id, role } = callerOf(name);
  const act = { actor: { kind, id, name, role: role ?? '' }, address: '127.0.0.1', action: 'POST /test', requestId: 'req_1', target };
  return acts.run(act, work);
};
const addChat = (ownerId: string, question: string) => opened.add(ownerId, question);
const countUse = (subject: string) =>
  stored.transaction(async (query) => {
    await query.insertInto('usage_counters').values({ subject, period: '2026-11-30', requests: 3, tokens: 70 }).execute();
  });
const listAudit = async (input: object = {}) => (await audit.list(auditQueryShape.parse(input))).entries;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'cai-privacy-'));
  const folder = locateDataFolder(root, {});
  makeDataFolder(folder);
  stored = await openDatabase({ url: '', folder, log: silentLogger });
  const clock = createManualClock();
  audit = await openAudit({ database: stored, folder, clock, log: silentLogger, retentionDays: 0 });
  acts = createActs({ audit, log: silentLogger });
  const database = withAudit(stored, audit);
  app = await openPeopleApp(database, { clock });
  ana = await app.setUp('ana');
  await app.addPerson(ana, 'bia', 'developer');
  biaId = app.access.people.get('bia').id;
  opened = await openTestChats(database, { isOn: false, clock, secrets: app.secrets });
  chats = opened.store;
  const { keys: chatKeys, keyRings } = opened;
  privacy = createPrivacy({
    database,
    access: app.access,
    keys: app.keys,
    chats,
    chatKeys,
    keyRings,
    audit,
    chatsDays: 30,
    clock,
    log: silentLogger,
  });
  isOpen = true;
});

let isOpen = false;
async function close(): Promise<void> {
  if (!isOpen) return;
  isOpen = false;
  await app[Symbol.asyncDispose]();
  await audit[Symbol.asyncDispose]();
  await stored[Symbol.asyncDispose]();
}
afterEach(async () => {
  await close();
  rmSync(root, { recursive: true, force: true });
});

describe('an export', () => {
  test('has everything of the person and nothing of others, and nothing that proves who somebody is', async () => {
    await addChat(biaId, 'what bia asked');
    await addChat(app.access.people.get('ana').id, 'what ana asked');
    const { key } = await app.keys.create(callerOf('bia'), createApiKeyShape.parse({ name: 'script', role: 'developer' }));
    await app.keys.create(callerOf('ana'), createApiKeyShape.parse({ name: 'of ana', role: 'viewer' }));
    await doAs('bia', 'node_1');
    await doAs('ana', 'node_2');
    await countUse(biaId);
    await countUse(app.access.people.get('ana').id);
    const found = personExportShape.parse(await privacy.exportPerson('bia', host));
    expect(found).toMatchObject({
      person: { id: biaId, name: 'bia' },
      keys: [{ name: 'script' }],
      chats: [{ title: 'what bia asked', messages: [{ content: 'what bia asked' }] }],
      audit: [{ actor: { id: biaId, name: 'bia' }, target: 'node_1' }],
    });
    expect(found.use).toEqual([expect.objectContaining({ of: biaId, requests: 3, tokens: 70 })]);
    expect(found.sessions).toHaveLength(1);
    expect(JSON.stringify(found)).not.toMatch(/what ana asked|node_2|of ana|argon2/);
    expect(JSON.stringify(found)).not.toContain(key);
    expect(await privacy.exportPerson('bia', callerOf('bia'))).toMatchObject({ keys: [{ name: 'script' }] });
    await expect(privacy.exportPerson('nobody', host)).rejects.toMatchObject({ code: 'person_not_found' });
  });
});

describe('erasing somebody', () => {
  test('leaves nothing but an id in the record, whose chain stays whole', async () => {
    await addChat(biaId, 'a sentence that nobody shall find');
    const kept = await addChat(app.access.people.get('ana').id, 'what ana asked');
    const { key } = await app.keys.create(callerOf('bia'), createApiKeyShape.parse({ name: 'script of bia', role: 'developer' }));
    await doAs('bia', 'node_1');
    await countUse(biaId);
    await countUse(app.keys.list(host)[0]?.id ?? '');
    const late = callerOf('bia');
    expect(await listAudit({ actor: 'bia' })).toHaveLength(1);
    const erased = await doAs('ana', biaId, () => privacy.erase('bia', callerOf('ana')));
    expect(erased).toEqual({ id: biaId, chats: 1, keys: 1, keyRings: { rewritten: 0, unreached: [] } });
    for (const name of readdirSync(join(root, 'state'))) // also in the log of the database
      expect([name, readFileSync(join(root, 'state', name)).includes('a sentence that nobody shall find')]).toEqual([name, false]);

    await acts.run(
      { actor: { kind: 'person', id: late.id, name: late.name, role: '' }, address: '', action: 'late', requestId: '', target: '' },
      async () => {},
    ); // what was still on its way does not bring the name back
    expect((await listAudit()).filter(({ actor }) => actor.id === biaId).map(({ actor, target }) => [actor.name, target])).toEqual([
      ['', ''],
      ['', 'node_1'],
    ]);
    expect(await listAudit({ search: 'bia' })).toEqual([]);
    expect((await audit.verify()).problem).toBeNull();
    expect(await stored.query.selectFrom('usage_counters').selectAll().execute()).toEqual([]);
    expect(app.keys.list(host)).toEqual([]);
    expect(() => app.keys.authenticate(key)).toThrow(expect.objectContaining({ code: 'unauthorized' }));
    expect((await chats.get(kept)).title).toBe('what ana asked');
    expect((await ana.call('GET', '/people')).body.people.map(({ name }: { name: string }) => name)).toEqual(['ana']);

    await close();
    expect(readdirSync(join(root, 'state')).filter((name) => name.startsWith('cluster.db'))).toEqual(['cluster.db']);
    const file = readFileSync(join(root, 'state', 'cluster.db'));
    expect(file.includes('what ana asked')).toBe(true);
    for (const text of ['a sentence that nobody shall find', 'script of bia', '"bia"'])
      expect([text, file.includes(text)]).toEqual([text, false]);
  });

  test('does not erase the last admin, oneself, or nobody', async () => {
    await expect(privacy.erase('ana', host)).rejects.toMatchObject({ code: 'conflict' });
    await app.access.people.update('bia', { role: 'admin' });
    await expect(privacy.erase('bia', callerOf('bia'))).rejects.toMatchObject({ code: 'conflict' });
    await expect(privacy.erase('nobody', host)).rejects.toMatchObject({ code: 'person_not_found' });
    expect(app.access.people.count()).toBe(2);
  });
});

test('chats that nobody has touched for as long as the configuration says are removed, others are not', async () => {
  const old = await addChat(biaId, 'old');
  await app.clock.advance(20 * DAY_MS);
  const young = await addChat(biaId, 'young');
  await app.clock.advance(11 * DAY_MS);
  const stop = new AbortController();
  const running = privacy.run(stop.signal);
  await expect.poll(async () => chats.get(old).catch(({ code }) => code)).toBe('chat_not_found');
  stop.abort();
  await running;
  expect(await chats.get(young)).toMatchObject({ title: 'young' });
  expect(await stored.query.selectFrom('chat_messages').select('content').execute()).toEqual([{ content: 'young' }]);
});
