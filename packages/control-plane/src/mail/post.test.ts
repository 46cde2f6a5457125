import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterError } from '@cluster-ai/contracts';
import { createManualClock, silentLogger } from '@cluster-ai/runtime';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Act } from '../access/audit/act.ts';
import { newLink, storeLink } from '../access/people/one-use-links.ts';
import { openTestSecrets } from '../access/secrets/testing/open-test-secrets.ts';
import type { Database } from '../stores/database.ts';
import { openDatabase } from '../stores/open-database.ts';
import { createPost, type Post } from './post.ts';

const root = mkdtempSync(join(tmpdir(), 'cai-post-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const HOUR_MS = 3_600_000;

let clock: ReturnType<typeof createManualClock>;
let database: Database;
let file = '';
let count = 0;
/** What the mail server does with each mail; it takes those that nothing is said of. */
let answers: (ClusterError | 'hangs')[];
let arrived: { readonly to: string; readonly text: string }[];
let acts: [Act, string][];
let stops: (() => Promise<void>)[];

const openFile = () => openDatabase({ url: '', folder: { database: file }, log: silentLogger });
beforeEach(async () => {
  file = join(root, `${count++}.db`);
  clock = createManualClock();
  database = await openFile();
  [answers, arrived, acts, stops] = [[], [], [], []];
});
afterEach(async () => {
  for (const stop of stops) await stop();
  await database[Symbol.asyncDispose]();
});

const run = async <T>(act: Act, work: () => Promise<T>): Promise<T> => {
  try {
    const value = await work();
    acts.push([act, 'ok']);
    return value;
  } catch (error) {
    acts.push([act, (error as ClusterError).code]);
    throw error;
  }
};
const outcomes = () => acts.map(([{ action, target }, outcome]) => [action, target, outcome]);

async function openPost(): Promise<Post> {
  const secrets = await openTestSecrets(database, clock);
  const sendMail = async (to: string, { text }: { readonly text: string }, stop: AbortSignal) => {
    const answer = answers.shift();
    if (answer === 'hangs') {
      await once(stop, 'abort');
      throw later();
    }
    if (answer !== undefined) throw answer;
    arrived.push({ to, text });
  };
  return createPost({ database, secrets, sendMail, acts: { run }, clock, log: silentLogger });
}
function start(post: Post): () => Promise<void> {
  const stop = new AbortController();
  const running = post.run(stop.signal);
  const end = () => {
    stop.abort();
    return running;
  };
  stops.push(end);
  return end;
}

/** A link for bia, and the letter with it, in one transaction. */
async function write(post: Post, { fails = false } = {}) {
  const link = newLink({ kind: 'invitation', role: 'viewer', createdBy: 'person_ana', ttlMs: HOUR_MS }, clock);
  const letter = await post.prepare({
    kind: 'forgotten',
    to: 'bia@example.org',
    language: 'en',
    clusterName: 'lab',
    url: `https://lab.example${link.told.path}`,
    expiresAtMs: link.row.expires_at,
    target: 'person_bia',
    linkId: link.row.id,
  });
  await database.transaction(async (transaction) => {
    await storeLink(transaction, link);
    await letter.store(transaction);
    if (fails) throw new Error('the act failed');
  });
  letter.begin();
  return link;
}
const waiting = () => database.query.selectFrom('outbox').selectAll().execute();
const later = (status = 450) => new ClusterError('remote_failed', 'not now', { details: { status } });

test('a letter whose process was killed before it was sent goes out after the next start', async () => {
  const { told } = await write(await openPost()); // which never ran
  await database[Symbol.asyncDispose]();
  database = await openFile();
  start(await openPost());
  await vi.waitFor(() => expect(outcomes()).toEqual([['mail forgotten', 'person_bia', 'ok']]));
  expect(arrived).toEqual([{ to: 'bia@example.org', text: expect.stringContaining(told.path) }]);
  expect(await waiting()).toEqual([]);
  expect(JSON.stringify(acts)).not.toContain('example.org');
});

test('one that comes while it runs goes out at once; one whose act failed was never there', async () => {
  const post = await openPost();
  start(post);
  await expect(write(post, { fails: true })).rejects.toThrow('the act failed');
  await write(post);
  await vi.waitFor(() => expect(outcomes()).toHaveLength(1));
  expect(arrived).toHaveLength(1);
});

test('attack 53: neither the link nor the address can be read in the database’s files', async () => {
  const { told } = await write(await openPost());
  await database.snapshot(mkdtempSync(join(root, 'snapshot-')));
  const bytes = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)).toString('latin1'))
    .join('');
  expect(bytes).toContain('person_bia');
  expect(bytes).not.toContain('bia@example.org');
  expect(bytes).not.toContain(told.token.split('.')[1] ?? '');
});

test('is tried again with growing pauses, until its link has ended: that is recorded, and nothing is left', async () => {
  answers = Array.from({ length: 100 }, () => later());
  start(await openPost());
  await write(await openPost());
  await vi.waitFor(
    async () => {
      await clock.advance(60_000);
      expect(outcomes()).toEqual([['mail forgotten', 'person_bia', 'remote_failed']]);
    },
    { timeout: 30_000, interval: 10 },
  );
  expect(100 - answers.length).toBeLessThan(9);
  expect(100 - answers.length).toBeGreaterThan(3);
  expect(arrived).toEqual([]);
  await vi.waitFor(async () => expect(await waiting()).toEqual([]));
});

test('what is refused for good is not tried again, nor what was found too late', async () => {
  answers = [later(550)];
  const post = await openPost();
  await write(post);
  await clock.advance(60_000);
  const end = start(post);
  await vi.waitFor(() => expect(outcomes()).toEqual([['mail forgotten', 'person_bia', 'remote_failed']]));
  await end();
  await write(post);
  await clock.advance(HOUR_MS);
  start(post);
  await vi.waitFor(() => expect(outcomes()).toHaveLength(2));
  expect(arrived).toEqual([]);
});

test('a letter whose link was used or replaced is not sent any more', async () => {
  const post = await openPost();
  const used = await write(post);
  await database.transaction((transaction) =>
    transaction.updateTable('one_use_links').set({ used_at: 1 }).where('id', '=', used.row.id).execute(),
  );
  const replaced = await write(post);
  await database.transaction((transaction) => transaction.deleteFrom('one_use_links').where('id', '=', replaced.row.id).execute());
  start(post);
  await vi.waitFor(async () => expect(await waiting()).toEqual([]));
  expect(arrived).toEqual([]);
});

test('of two control planes on one database, one sends it', async () => {
  const [one, other] = [await openPost(), await openPost()];
  await write(one);
  start(one);
  start(other);
  await vi.waitFor(async () => expect(await waiting()).toEqual([]));
  expect(arrived).toHaveLength(1);
  expect(outcomes()).toEqual([['mail forgotten', 'person_bia', 'ok']]);
});

test('a stop leaves what is under way for the next start, which tries at once', async () => {
  answers = ['hangs'];
  const end = start(await openPost());
  await write(await openPost());
  await clock.advance(60_000);
  await vi.waitFor(() => expect(answers).toEqual([]));
  await end();
  expect(acts).toEqual([]);
  start(await openPost());
  await vi.waitFor(() => expect(outcomes()).toEqual([['mail forgotten', 'person_bia', 'ok']]));
});
