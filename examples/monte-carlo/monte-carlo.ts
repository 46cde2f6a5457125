// Pi by throwing darts, on all workers: node examples/monte-carlo/monte-carlo.ts [darts] (100 million when left out)
import { createClusterClient } from '@cluster-ai/client';

const DARTS_PER_ITEM = 1_000_000;
const darts = Number(process.argv[2] ?? 100_000_000);

/** How many of `count` darts land in the quarter circle. It stands alone: only its text travels to the workers. */
function throwDarts(seed: number, count: number): number {
  let state = (seed + 1) * 0x9e3779b9;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  let inside = 0;
  for (let dart = 0; dart < count; dart += 1) {
    const [x, y] = [random(), random()];
    if (x * x + y * y < 1) inside += 1;
  }
  return inside;
}

const cluster = createClusterClient({
  baseUrl: process.env['CLUSTER_AI_URL'] || 'http://127.0.0.1:3000',
  key: process.env['CLUSTER_AI_API_KEY'] || undefined,
});
const seeds = Array.from({ length: Math.ceil(darts / DARTS_PER_ITEM) }, (_, seed) => seed);
const perItem = Math.ceil(darts / seeds.length);
const inside = await cluster.map(throwDarts, seeds, {
  name: 'Monte Carlo',
  args: [perItem],
  onProgress: ({ done, total }) => process.stderr.write(`${done} of ${total}\n`),
});
const thrown = perItem * seeds.length;
const pi = (4 * inside.reduce((sum, count) => sum + count, 0)) / thrown;
process.stdout.write(`${JSON.stringify({ darts: thrown, pi })}\n`);
