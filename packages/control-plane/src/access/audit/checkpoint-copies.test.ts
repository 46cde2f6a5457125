import { createPublicKey, verify } from 'node:crypto';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditCheckpoint } from '@cluster-ai/contracts';
import { silentLogger } from '@cluster-ai/runtime';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createCheckpointCopies } from './checkpoint-copies.ts';
import { createSeals, GENESIS } from './seals.ts';
import { type AuditPlace, dropTriggers, openPlace, readTables, toDraft, writeTables } from './testing/open-place.ts';

let place: AuditPlace;
beforeEach(async () => {
  place = await openPlace();
});
afterEach(() => place[Symbol.asyncDispose]());

/** A place that can be switched off. */
function createCopy() {
  const seen: AuditCheckpoint[] = [];
  const copy = {
    name: 'elsewhere',
    isUp: true,
    seen,
    async send(checkpoint: AuditCheckpoint) {
      if (!copy.isUp) throw new Error('It does not answer.');
      seen.push(checkpoint);
    },
  };
  return copy;
}
const toCheckpoint = (sequence: number) => ({ sequence, hash: 'h', at: '', signature: '' });

/** Whoever has the database and the key writes the whole record anew: seals, head and all. */
async function rewriteEverything(): Promise<void> {
  const seals = createSeals(Buffer.from((await readFile(join(place.folder.secrets, 'audit.key'), 'utf8')).trim(), 'hex'));
  const { entries, head } = await readTables(place.database);
  await dropTriggers(place.database);
  let hash = GENESIS;
  const forged = entries.map((row) => {
    const changed = { ...row, actor_name: 'Somebody Else' };
    hash = seals.hashEntry(hash, changed);
    return { ...changed, hash };
  });
  const ends = { sequence: forged.length, hash, anchorSequence: 0, anchorHash: GENESIS };
  await writeTables(place.database, { entries: forged, head: head.map((row) => ({ ...row, hash, seal: seals.sealEnds(ends) })) });
}

async function writeSome(copy = createCopy()) {
  const audit = await place.open({ copies: [copy] });
  for (const target of ['a', 'b', 'c']) await audit.record(toDraft({ target }));
  await audit[Symbol.asyncDispose](); // takes a checkpoint
  return copy;
}

test('a record that was written anew as a whole, with the key, is seen by its checkpoint', async () => {
  await writeSome();
  await rewriteEverything();
  expect(await (await place.open()).verify()).toMatchObject({ isIntact: false, problem: { kind: 'edited', sequence: 3 } });
});

test('with the file written anew too, a copy from elsewhere shows it; without one, nothing here can', async () => {
  const { seen } = await writeSome();
  await rewriteEverything();
  await rm(place.checkpointFile);
  const audit = await place.open();
  expect(await audit.verify()).toMatchObject({ isIntact: true });
  expect(await audit.verify(seen)).toMatchObject({ isIntact: false, problem: { kind: 'edited', sequence: 3 }, checkpoints: 1 });
});

test('two signed checkpoints of one entry that differ are seen, whichever the record agrees with', async () => {
  await writeSome();
  const original = await readFile(place.checkpointFile, 'utf8');
  await rewriteEverything();
  await rm(place.checkpointFile);
  const audit = await place.open();
  await audit.record(toDraft({ target: 'd' }));
  await audit[Symbol.asyncDispose]();
  const forged = await (await place.open()).checkpoints(10);
  const seals = createSeals(Buffer.from((await readFile(join(place.folder.secrets, 'audit.key'), 'utf8')).trim(), 'hex'));
  const { entries } = await readTables(place.database);
  const covered = seals.signCheckpoint({ sequence: 3, hash: entries[2]?.hash ?? '', at: 'later' });
  await writeFile(place.checkpointFile, original);
  await appendFile(place.checkpointFile, `${[covered, ...forged.checkpoints].map((line) => JSON.stringify(line)).join('\n')}\n`);
  expect((await (await place.open()).verify()).problem).toMatchObject({
    kind: 'edited',
    sequence: 3,
    message: expect.stringContaining('contradict'),
  });
});

test('a copy that is not signed by us proves nothing, and is named', async () => {
  const { seen } = await writeSome();
  const audit = await place.open();
  const forged = seen.map((checkpoint) => ({ ...checkpoint, hash: 'f'.repeat(64) }));
  expect((await audit.verify([...seen, ...forged])).problem).toMatchObject({
    kind: 'checkpoint',
    message: expect.stringContaining('Line 2 of the copy'),
  });
});

test('others check a checkpoint with the public key alone', async () => {
  await writeSome();
  const { publicKey, checkpoints } = await (await place.open()).checkpoints(10);
  const [checkpoint] = checkpoints;
  const text = Buffer.from(`checkpoint ${checkpoint?.sequence} ${checkpoint?.hash} ${checkpoint?.at}`);
  expect(verify(null, text, createPublicKey(publicKey), Buffer.from(checkpoint?.signature ?? '', 'base64url'))).toBe(true);
});

test('a place that does not answer gets what it missed, also after a restart, and holds nothing up', async () => {
  const copy = createCopy();
  copy.isUp = false;
  await writeSome(copy);
  expect(copy.seen).toEqual([]);
  copy.isUp = true;
  const audit = await place.open({ copies: [copy] });
  const stop = new AbortController();
  const running = audit.run(stop.signal);
  await expect.poll(() => copy.seen.map(({ sequence }) => sequence)).toEqual([3]);
  stop.abort();
  await running;
});

test('what waits for a dead place is bounded; the newest stay', async () => {
  const copy = createCopy();
  copy.isUp = false;
  const copies = createCheckpointCopies(silentLogger);
  copies.copyTo([copy]);
  for (let i = 1; i <= 250; i++) {
    copies.add(toCheckpoint(i));
    await copies.send();
  }
  copy.isUp = true;
  await copies.send();
  expect(copy.seen.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 100 }, (_, i) => i + 151));
});

test('a slow place gets each once and in order, however often it is asked', async () => {
  const seen: number[] = [];
  const answers: (() => void)[] = [];
  const slow = {
    name: 'slow',
    send: ({ sequence }: AuditCheckpoint) => {
      seen.push(sequence);
      return new Promise<void>((resolve) => answers.push(resolve));
    },
  };
  const copies = createCheckpointCopies(silentLogger);
  copies.copyTo([slow]);
  const asked = [1, 2, 3].map((sequence) => {
    copies.add(toCheckpoint(sequence));
    return copies.send();
  });
  for (const count of [1, 2, 3]) {
    await expect.poll(() => answers.length).toBe(count);
    answers[count - 1]?.();
  }
  await Promise.all(asked);
  expect(seen).toEqual([1, 2, 3]);
});

test('a place that never answers holds up neither acts nor checkpoints nor the stop', async () => {
  let asked = 0;
  const dead = { name: 'dead', send: () => new Promise<void>(() => void asked++) };
  const audit = await place.open({ copies: [dead] });
  await audit.record(toDraft());
  const stop = new AbortController();
  const running = audit.run(stop.signal);
  await expect.poll(() => asked).toBe(1);
  await audit.record(toDraft());
  stop.abort();
  await running;
  await audit[Symbol.asyncDispose]();
  expect((await (await place.open()).checkpoints(10)).checkpoints).toMatchObject([{ sequence: 1 }, { sequence: 2 }]);
});

test('checkpoints lie where the configuration says', async () => {
  const checkpointFile = join(place.folder.secrets, 'elsewhere.jsonl');
  const audit = await place.open({ checkpointFile });
  await audit.record(toDraft());
  await audit[Symbol.asyncDispose]();
  expect(JSON.parse(await readFile(checkpointFile, 'utf8'))).toMatchObject({ sequence: 1 });
});
