/*
 * How many of the bytes that replicas need lie on the node already, beside Belady's optimum on the same trace: 200 models of unequal sizes, a
 * cache of 30 % of their bytes, Zipf(1.0) with one scan of all models in the middle, Zipf(1.4), and popularity that drifts.
 *
 *   node bench/cache/cache.ts [--seeds 9] [--requests 20000] [--out cache.json]
 */
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { boundByteHitRate } from './optimum.ts';
import { playByteHitRate, policies } from './policies.ts';
import { makeTrace } from './trace.ts';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '9' }, requests: { type: 'string', default: '20000' }, out: { type: 'string' } },
});
const models = 200;
const cacheShare = 0.3;
const goals = { ofBelady: 0.9, lostToScanPoints: 2, repetitive: 0.9 };
const workloads = [
  { workload: 'Zipf(1.0)', alpha: 1, driftEvery: 0 },
  { workload: 'Zipf(1.4)', alpha: 1.4, driftEvery: 0 },
  { workload: 'Zipf(1.0), ten models change places every 500', alpha: 1, driftEvery: 500 },
];

const round = (value: number, digits = 3) => Math.round(value * 10 ** digits) / 10 ** digits;
const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

interface Measurement {
  readonly workload: string;
  readonly seed: number;
  readonly policy: string;
  readonly rate: number;
  readonly belady: number;
  readonly ofBelady: number;
  readonly ofBeladyPassing: number;
  /** Points of the rate that the scan cost. */
  readonly lost: number;
}
const measurements: Measurement[] = [];
for (const { workload, ...shape } of workloads)
  for (let seed = 1; seed <= Number(values.seeds); seed++) {
    const make = (withScan: boolean) => makeTrace({ ...shape, seed, models, requests: Number(values.requests), withScan });
    const [scanned, calm] = [make(true), make(false)];
    const limit = Math.floor(scanned.sizes.reduce((sum, size) => sum + size, 0) * cacheShare);
    const belady = boundByteHitRate(scanned, limit, { mayPass: false });
    const beladyPassing = boundByteHitRate(scanned, limit, { mayPass: true });
    for (const [policy, makePolicy] of Object.entries(policies)) {
      const rate = playByteHitRate(scanned, limit, makePolicy);
      const lost = (playByteHitRate(calm, limit, makePolicy) - rate) * 100;
      measurements.push({ workload, seed, policy, rate, belady, ofBelady: rate / belady, ofBeladyPassing: rate / beladyPassing, lost });
    }
  }

const summary = workloads.flatMap(({ workload }) =>
  Object.keys(policies).map((policy) => {
    const rows = measurements.filter((row) => row.workload === workload && row.policy === policy);
    const ratios = rows.map(({ ofBelady }) => ofBelady);
    return {
      workload,
      policy,
      byteHitRate: round(median(rows.map(({ rate }) => rate))),
      ofBelady: round(median(ratios)),
      worstOfBelady: round(Math.min(...ratios)),
      ofBeladyThatMayPass: round(median(rows.map(({ ofBeladyPassing }) => ofBeladyPassing))),
      mostPointsLostToScan: round(Math.max(...rows.map(({ lost }) => lost)), 2),
    };
  }),
);
console.table(summary);

const find = (workload: string) => summary.find((row) => row.workload === workload && row.policy === 'ours');
const [steady, repetitive] = [find('Zipf(1.0)'), find('Zipf(1.4)')];
const ratios = [
  { what: 'Zipf(1.0): byte hit rate of Belady’s optimum', measured: steady?.ofBelady, goal: `≥ ${goals.ofBelady}` },
  { what: 'Zipf(1.0): most points lost to the scan', measured: steady?.mostPointsLostToScan, goal: `≤ ${goals.lostToScanPoints}` },
  { what: 'Zipf(1.4): byte hit rate', measured: repetitive?.byteHitRate, goal: `≥ ${goals.repetitive}` },
];
console.table(ratios);

if (values.out !== undefined)
  await writeFile(
    values.out,
    JSON.stringify({
      benchmark: 'cache/cache',
      title: 'Cache of weights on a node',
      machine: { cpu: cpus()[0]?.model, node: process.version },
      notes: [
        `${models} models, sizes from 0.5 to 20 GB with each order of magnitude as likely as the others, ${values.requests} requests, a cache of ${cacheShare * 100} % of all bytes, empty at first; medians of ${values.seeds} traces. Bytes of the scan itself are not counted.`,
        'Belady is a bound that no policy gets beyond: it sees the future and may keep parts of files. "That may pass" need not even take in what it is asked for, which no node can do.',
        '"knows the popularity" knows how often each model is asked for in the long run: what can be had without seeing the future.',
        'Ours: the pure modules that nodes run (packages/agent/src/weights/cache). The others are in bench/cache/policies.ts.',
      ],
      ratios,
      summary,
      measurements: measurements.map((row) =>
        Object.fromEntries(Object.entries(row).map(([key, value]) => [key, typeof value === 'number' ? round(value) : value])),
      ),
    }),
  );
const isMet =
  (steady?.ofBelady ?? 0) >= goals.ofBelady &&
  (steady?.mostPointsLostToScan ?? 100) <= goals.lostToScanPoints &&
  (repetitive?.byteHitRate ?? 0) >= goals.repetitive;
process.exitCode = isMet ? 0 : 1;
