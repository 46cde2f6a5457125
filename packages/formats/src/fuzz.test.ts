import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspectionShape } from '@cluster-ai/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inspectSource } from './inspect-source.ts';
import { defaultLimits } from './inspection/budget.ts';
import { boundSource } from './source/byte-source.ts';
import { malformed } from './testing/malform.ts';

const isLong = process.env['CLUSTER_AI_LONG_TESTS'] === '1';
const runs = isLong ? 100_000 : 2000;
const seed = isLong ? Date.now() % 2 ** 31 : 11;
const limits = { ...defaultLimits, maxSteps: 300_000, maxUnpackedBytes: 4 * 1024 * 1024, maxPieceBytes: 1024 * 1024 };

const fixtures = join(import.meta.dirname, '__fixtures__');
const seeds = ['valid', 'hostile']
  .flatMap((name) => readdirSync(join(fixtures, name)).map((file) => readFileSync(join(fixtures, name, file))))
  .filter(({ length }) => length <= 32 * 1024);

/** A source that fails the test when anything outside of the file is asked for, and counts. */
function watch(bytes: Buffer) {
  const seen = { reads: 0, bytes: 0 };
  const source = boundSource(bytes.length, (target, offset) => {
    if (offset < 0 || offset + target.length > bytes.length) throw new Error(`read outside: ${offset}+${target.length} of ${bytes.length}`);
    seen.reads++;
    seen.bytes += target.length;
    return bytes.copy(target, 0, offset, offset + target.length);
  });
  return { source, seen };
}

/** For docs/proofs.md: how many files, from which seed, and what came out. */
function report(counts: ReadonlyMap<string, number>): void {
  const folder = join(import.meta.dirname, '../../../artefacts');
  mkdirSync(folder, { recursive: true });
  const outcomes = Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
  writeFileSync(join(folder, 'fuzz-formats.json'), `${JSON.stringify({ files: runs, seed, outcomes }, null, 2)}\n`);
}

test(
  `attacks 9, 10, 12: ${runs} malformed files over all formats are judged, without a read outside, in bounded work`,
  async () => {
    const counts = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(malformed(seeds), async (bytes) => {
        const { source, seen } = watch(bytes);
        const inspection = await inspectSource(source, limits);
        expect(inspectionShape.safeParse(inspection).success).toBe(true);
        // every read is a step, or more for a longer one
        expect(seen.reads).toBeLessThanOrEqual(limits.maxSteps);
        expect(seen.bytes).toBeLessThanOrEqual(limits.maxSteps * 8192);
        const outcome = `${inspection.format}: ${inspection.verdict}`;
        counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
      }),
      { numRuns: runs, seed, endOnFailure: false },
    );
    if (isLong) report(counts);
    expect(counts.size).toBeGreaterThan(10);
  },
  isLong ? 900_000 : 120_000,
);
