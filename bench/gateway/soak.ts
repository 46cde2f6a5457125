/*
 * What a long day does to the whole path: parallel streams for some minutes without a failure and without growing memory, ten thousand
 * cancelled requests, two hundred bodies of a megabyte at once. Ends with status 1 when something failed.
 *
 *   node bench/gateway/soak.ts [--minutes 10] [--streams 100] [--cancels 10000] [--bodies 200] [--out soak.json]
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startCluster } from '../../test/support/start-cluster.ts';
import { createClient, repeat, toChat } from './load.ts';
import { residentMegabytes } from './process-cost.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    streams: { type: 'string', default: '100' },
    cancels: { type: 'string', default: '10000' },
    bodies: { type: 'string', default: '200' },
    out: { type: 'string' },
  },
});
const minutes = Number(values.minutes);
const SETTLE_MS = 60_000;
const SAMPLE_EVERY_MS = 5000;
const tokensPerSecond = 50;
const tokensPerStream = 1000; // twenty seconds; then the lane asks again
const MOST_SLOPE = 1; // MB per minute

interface Sample {
  readonly seconds: number;
  readonly megabytes: Readonly<Record<string, number>>;
}

/** Megabytes per minute by least squares, over the samples after the first minute. */
function slopeOf(samples: readonly Sample[], name: string): number {
  const points = samples
    .filter(({ seconds, megabytes }) => seconds * 1000 >= SETTLE_MS && megabytes[name] !== undefined)
    .map(({ seconds, megabytes }) => [seconds / 60, megabytes[name] ?? 0] as const);
  const mean = (pick: 0 | 1) => points.reduce((total, point) => total + point[pick], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const above = points.reduce((total, point) => total + (point[0] - x) * (point[1] - y), 0);
  const below = points.reduce((total, point) => total + (point[0] - x) ** 2, 0);
  return below === 0 ? Number.NaN : Math.round((above / below) * 100) / 100;
}

const folder = await mkdtemp(join(tmpdir(), 'bench-soak-'));
const script = async (name: string, content: object) => {
  const path = join(folder, `${name}.fake.json`);
  await writeFile(path, JSON.stringify({ fake: 1, parallel: 1024, ...content }));
  return path;
};
const models = {
  steady: await script('steady', { tokensPerSecond, answerTokens: tokensPerStream }),
  quick: await script('quick', { text: 'A short answer.', tokensPerSecond: 100_000, contextSize: 10_000_000 }),
};
await using cluster = await startCluster({ models });
const client = createClient(cluster.url);
const failures: string[] = [];
const fail = (what: string, error: unknown) => failures.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);

/** One caller who reads one answer after the other, each to its end. */
async function readOn(untilMs: number): Promise<number> {
  let count = 0;
  while (performance.now() < untilMs) {
    try {
      const { text } = await client.post(toChat('steady', true));
      if (!text.endsWith('data: [DONE]\n\n')) throw new Error(`the stream ended early after ${text.length} characters`);
      count++;
    } catch (error) {
      fail('stream', error);
    }
  }
  return count;
}

async function sampleMemory(untilMs: number, samples: Sample[]): Promise<void> {
  const startedAt = performance.now();
  while (performance.now() < untilMs) {
    const { controlPlane, agent, engines } = await cluster.pids();
    const named = {
      'control plane': controlPlane,
      agent,
      ...Object.fromEntries(engines.map((pid) => [`engine ${pid}`, pid])),
    };
    const entries = Object.entries(named).map(async ([name, pid]) => [name, await residentMegabytes(pid)] as const);
    samples.push({
      seconds: Math.round((performance.now() - startedAt) / 1000),
      megabytes: Object.fromEntries(await Promise.all(entries)),
    });
    await sleep(SAMPLE_EVERY_MS);
  }
}

async function cancelOne(): Promise<void> {
  const caller = new AbortController();
  const asked = client.post(toChat('steady', true), caller.signal).then(
    () => fail('cancel', 'the answer came whole'),
    (error: unknown) => {
      if (!caller.signal.aborted) fail('cancel', error);
    },
  );
  await sleep(Math.random() * 20);
  caller.abort();
  await asked;
}

await client.post(toChat('quick', false)).catch((error: unknown) => fail('first request', error));
const samples: Sample[] = [];
const untilMs = performance.now() + minutes * 60_000;
const [finished] = await Promise.all([
  Promise.all(Array.from({ length: Number(values.streams) }, () => readOn(untilMs))),
  sampleMemory(untilMs, samples),
]);
const streamed = finished.reduce((total, count) => total + count, 0);
console.log(`${streamed} streams of ${tokensPerStream} tokens, ${failures.length} failed`);

await repeat(Number(values.cancels), 50, cancelOne);
await client.post(toChat('quick', false)).catch((error: unknown) => fail('after the cancels', error));
console.log(`${values.cancels} cancels, ${failures.length} failures so far`);

const body = toChat('quick', false, 1024 * 1024);
await repeat(Number(values.bodies), Number(values.bodies), () => client.post(body).catch((error: unknown) => fail('large body', error)));
await client.post(toChat('quick', false)).catch((error: unknown) => fail('after the large bodies', error));
console.log(`${values.bodies} bodies of 1 MB at once, ${failures.length} failures so far`);

const metrics = await (await fetch(`${cluster.url}/metrics`)).text();
const active = Number(/^cluster_active_tasks (\d+)/m.exec(metrics)?.[1]);
if (active !== 0) fail('afterwards', `${active} requests are still counted as under way`);
client.close();
await rm(folder, { recursive: true, force: true });

const names = Object.keys(samples.at(-1)?.megabytes ?? {});
const summary = names.map((process) => ({
  process,
  'MB at the end': Math.round(samples.at(-1)?.megabytes[process] ?? 0),
  'MB per minute': slopeOf(samples, process),
}));
for (const entry of summary)
  if (entry['MB per minute'] > MOST_SLOPE) fail('memory', `${entry.process} grows by ${entry['MB per minute']} MB per minute`);
console.table(summary);
for (const failure of failures.slice(0, 20)) console.log(`FAILED ${failure}`);
if (values.out !== undefined) {
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const notes = [
    `${values.streams} parallel streams of ${tokensPerSecond} tokens per second for ${minutes} minutes: ${streamed} answers, then ${values.cancels} cancels and ${values.bodies} bodies of 1 MB at once. ${failures.length} failures.`,
  ];
  await writeFile(
    values.out,
    `${JSON.stringify({ benchmark: 'gateway-soak', title: 'A long day', machine, notes, summary, measurements: samples.map(({ seconds, megabytes }) => ({ seconds, ...megabytes })) }, null, 1)}\n`,
  );
}
process.exitCode = failures.length === 0 ? 0 : 1;
