import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createManualClock, silentLogger } from '@cluster-ai/runtime';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createWeights } from '../create-weights.ts';
import { TRUSTED_FOR_MS } from '../verified-files.ts';

const bytes = Buffer.alloc(100_000, 'weights');
const file = { digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, sizeBytes: bytes.length };
const hourMs = 3_600_000;
const forever = new AbortController().signal;

let folder = '';
let ending = new AbortController();
beforeEach(async () => {
  ending = new AbortController();
  folder = await mkdtemp(join(tmpdir(), 'scrub-'));
});
afterEach(async () => {
  ending.abort();
  await rm(folder, { recursive: true, force: true });
});

function open() {
  const clock = createManualClock();
  let fetches = 0;
  const weights = createWeights({
    folder,
    fetchBlob: async () => {
      fetches += 1;
      return { totalBytes: bytes.length, body: Readable.from([bytes]) };
    },
    clock,
    log: silentLogger,
    knownFolders: { ollama: [], huggingFace: [] },
  });
  return { clock, weights, fetches: () => fetches };
}

/** As a disk loses bits: nobody wrote, and the times say nothing. */
async function damage(path: string): Promise<void> {
  const { atime, mtime } = await stat(path);
  await writeFile(path, Buffer.alloc(bytes.length));
  await utimes(path, atime, mtime);
}

test.each([
  ['is removed', false],
  ['stays for the replica that runs on it, and the next start fetches a fresh one', true],
])('kept weights that the disk has changed are found out, and the file %s', async (_, isHeld) => {
  const { clock, weights, fetches } = open();
  const path = await weights.ensure(file, () => {}, forever);
  if (isHeld) weights.hold(file.digest);
  await damage(path);
  void weights.keepIntact(ending.signal);
  await clock.advance(8 * 24 * hourMs);
  if (!isHeld) await vi.waitFor(() => expect(weights.report().copies).toEqual([]), { timeout: 30_000 });
  else await vi.waitFor(async () => expect(await readFile(join(folder, 'verified.json'), 'utf8')).toBe('{}'), { timeout: 30_000 });
  expect((await readFile(await weights.ensure(file, () => {}, forever))).equals(bytes)).toBe(true);
  expect(fetches()).toBe(2);
});

test('what nobody has checked for a month is hashed again before it is used', async () => {
  const { clock, weights } = open();
  await weights.ensure(file, () => {}, forever);
  const steps = async () => {
    const seen = new Set<string>();
    await weights.ensure(file, (step) => seen.add(step), forever);
    return [...seen];
  };
  expect(await steps()).toEqual([]);
  await clock.advance(TRUSTED_FOR_MS + 1);
  expect(await steps()).toEqual(['checking_weights']);
  expect(await steps()).toEqual([]);
});
