/*
 * Processor time of the control plane for a request that brings a key, beside one that needs none (`access.local`): what looking a key up,
 * its owner's rights, its models and its quotas cost. The key is of a service account; both have limits and models, and are far from them.
 * The two are visited in turn within one run, in short slices, the order rotated. Limit: 1.05 times.
 *
 *   node bench/access/admission.ts [--rounds 20] [--requests 1000] [--warm-up 10000] [--out admission.json]
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startCluster } from '../../test/support/start-cluster.ts';
import { createClient, repeat, toChat } from '../gateway/load.ts';
import { cpuMicroseconds, median } from '../gateway/process-cost.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    requests: { type: 'string', default: '1000' },
    'warm-up': { type: 'string', default: '10000' },
    out: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const requests = Number(values.requests);
const width = 32;
const GOAL = 1.05;
const round3 = (value: number) => Math.round(value * 1000) / 1000;

const folder = await mkdtemp(join(tmpdir(), 'bench-admission-'));
const script = join(folder, 'quick.fake.json');
await writeFile(script, JSON.stringify({ fake: 1, parallel: 1024, text: 'A short answer.', tokensPerSecond: 100_000 }));

await using cluster = await startCluster({ models: { quick: script } });
const limits = ['--tokens-per-day', '1000000000', '--requests-per-month', '1000000000'];
const run = async (...args: string[]) => {
  const { code, stdout, stderr } = await cluster.cli(...args);
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
};
await run('users', 'add', 'bench', '--service');
await run('users', 'limit', 'bench', ...limits);
await run('roles', 'grant', 'bench', 'team/*', 'quick');
const key = await run('keys', 'create', 'bench', '--owner', 'bench', '--models', 'quick,other/*', ...limits);

const targets = [
  { name: 'no key', client: createClient(cluster.url) },
  { name: 'key', client: createClient(cluster.url, { authorization: `Bearer ${key}` }) },
];
const { controlPlane } = await cluster.pids();
const ask = (client: (typeof targets)[number]['client']) => client.post(toChat('quick', false));

// code that runs seldom is interpreted and compiled on the side, which would be counted as the cost of a request
for (const { client } of targets) await repeat(Number(values['warm-up']) / targets.length, width, () => ask(client));

const measurements: { round: number; target: string; microseconds: number; loadAverage: number }[] = [];
for (let round = 1; round <= rounds; round++) {
  for (const { name, client } of round % 2 === 0 ? targets : targets.toReversed()) {
    const before = await cpuMicroseconds(controlPlane);
    await repeat(requests, width, () => ask(client));
    const microseconds = round3(((await cpuMicroseconds(controlPlane)) - before) / requests);
    measurements.push({ round, target: name, microseconds, loadAverage: round3(loadavg()[0] ?? 0) });
  }
}
for (const { client } of targets) client.close();
await rm(folder, { recursive: true, force: true });

const of = (target: string) => measurements.filter((each) => each.target === target).map(({ microseconds }) => microseconds);
const [without, withKey] = [of('no key'), of('key')];
const each = withKey.map((cost, index) => cost / (without[index] ?? Number.NaN));
const ratio = round3(median(each));
const ratios = [
  {
    what: 'a request with a key, of one without',
    'ratio (median)': ratio,
    min: round3(Math.min(...each)),
    max: round3(Math.max(...each)),
    goal: GOAL,
  },
];
const summary = targets.map(({ name }) => ({
  target: name,
  'µs (median)': round3(median(of(name))),
  min: Math.min(...of(name)),
  max: Math.max(...of(name)),
}));
console.table(summary);
console.table(ratios);
if (values.out !== undefined) {
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const notes = [
    `${requests} requests of 950 bytes in each slice, ${width} at a time, ${rounds} rounds. Processor time of the control plane, all threads, from the kernel.`,
    'The key belongs to a service account; key and account have limits and models, so that all of it is checked and counted.',
  ];
  const result = { benchmark: 'access-admission', title: 'What a key costs', machine, notes, ratios, summary, measurements };
  await writeFile(values.out, `${JSON.stringify(result, null, 1)}\n`);
}
process.exitCode = ratio <= GOAL ? 0 : 1;
