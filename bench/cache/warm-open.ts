/*
 * How long a node takes from an order to an open file of 1 GB that it fetched before: the agent restarts before each round, so that only its
 * lists and the folder know of it. Beside it: hashing the same file, which is what a node that trusts nothing pays.
 *
 *   node bench/cache/warm-open.ts [--rounds 60] [--megabytes 1000] [--out warm-open.json]
 */
import { createHash } from 'node:crypto';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { silentLogger, systemClock } from '@cluster-ai/runtime';
import { createWeights } from '../../packages/agent/src/weights/create-weights.ts';
import { hashFile } from '../../packages/agent/src/weights/hash-file.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '60' }, megabytes: { type: 'string', default: '1000' }, out: { type: 'string' } },
});
const goalMs = 500;
const piece = Buffer.alloc(1e6);
for (let at = 0; at < piece.length; at++) piece[at] = (at * 2_654_435_761) >>> 13;
const pieces = Number(values.megabytes);
const forever = new AbortController().signal;

const hash = createHash('sha256');
for (let i = 0; i < pieces; i++) hash.update(piece);
const file = { digest: `sha256:${hash.digest('hex')}`, sizeBytes: pieces * piece.length };
let fetches = 0;

const folder = await mkdtemp(join(tmpdir(), 'warm-open-'));
const startAgent = () =>
  createWeights({
    folder,
    fetchBlob: async () => {
      fetches += 1;
      return { totalBytes: file.sizeBytes, body: Readable.from(Array.from({ length: pieces }, () => piece)) };
    },
    clock: systemClock,
    log: silentLogger,
    knownFolders: { ollama: [], huggingFace: [] },
  });

/** From the order to the first bytes of the file. */
async function orderOnce(): Promise<number> {
  const beganAt = performance.now();
  const path = await startAgent().ensure(file, () => {}, forever);
  const handle = await open(path);
  await handle.read(Buffer.alloc(4096), 0, 4096, 0);
  const tookMs = performance.now() - beganAt;
  await handle.close();
  return tookMs;
}

const quantile = (numbers: readonly number[], share: number) =>
  numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))] ?? Number.NaN;
const round = (value: number) => Math.round(value * 100) / 100;

try {
  const coldMs = await orderOnce();
  const warmMs: number[] = [];
  for (let i = 0; i < Number(values.rounds); i++) warmMs.push(await orderOnce());
  const hashMs: number[] = [];
  for (let i = 0; i < 3; i++) {
    const beganAt = performance.now();
    await hashFile(join(folder, file.digest.replace(':', '-')), () => {}, forever);
    hashMs.push(performance.now() - beganAt);
  }
  const p95 = quantile(warmMs, 0.95);
  const summary = [
    { what: 'fetched, over no network', p50Ms: round(coldMs), p95Ms: round(coldMs) },
    { what: 'warm, after a restart of the agent', p50Ms: round(quantile(warmMs, 0.5)), p95Ms: round(p95) },
    { what: 'hashing the file', p50Ms: round(quantile(hashMs, 0.5)), p95Ms: round(quantile(hashMs, 0.95)) },
  ];
  console.table(summary);
  if (fetches !== 1) throw new Error(`The file was fetched ${fetches} times.`);
  if (values.out !== undefined)
    await writeFile(
      values.out,
      JSON.stringify({
        benchmark: 'cache/warm-open',
        title: 'A warm model of 1 GB on a node',
        machine: { cpu: cpus()[0]?.model, node: process.version },
        notes: [`${values.megabytes} MB, from the order to the first 4 KiB out of the open file, ${values.rounds} rounds.`],
        ratios: [{ what: 'warm to a file handle, p95', measuredMs: round(p95), goal: `< ${goalMs} ms` }],
        summary,
        measurements: warmMs.map((tookMs, index) => ({ round: index + 1, tookMs: round(tookMs) })),
      }),
    );
  process.exitCode = p95 < goalMs ? 0 : 1;
} finally {
  await rm(folder, { recursive: true });
}
