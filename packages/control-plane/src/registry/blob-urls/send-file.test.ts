import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sendFile } from './send-file.ts';

const bytes = randomBytes(700_000);
let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cluster-ai-send-'));
  file = join(folder, 'weights');
  await writeFile(file, bytes);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('each part leaves in a turn of its own, so that other readers and questions come between', async () => {
  const events: string[] = [];
  const came: Buffer[] = [];
  const target = new Writable({
    write(part: Buffer, _encoding, done) {
      events.push('part');
      came.push(Buffer.from(part));
      done();
    },
  });
  await sendFile(file, { from: 5, to: bytes.length - 1 }, target, async () => void events.push('turn'));
  expect(events).toEqual(['turn', 'part', 'turn', 'part', 'turn', 'part']);
  expect(Buffer.concat(came).equals(bytes.subarray(5))).toBe(true);
});

test('a reader who goes away while a part waits for its turn ends it', async () => {
  const target = new Writable({ write: (_part, _encoding, done) => done() });
  const sent = sendFile(file, { from: 0, to: bytes.length - 1 }, target, async () => void target.destroy());
  await expect(sent).rejects.toThrow();
});
