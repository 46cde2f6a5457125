/*
 * Processor time that a request and a streamed chunk cost us, beside nginx proxying the same bytes from a small backend. The whole path is
 * measured: client → control plane → link (TLS, HTTP/2) → agent → fake engine; nginx has one plain hop. Targets are visited in turn, the order
 * rotated from round to round, so that other load on the machine hits all alike. Read the ratios.
 *
 *   node bench/gateway/gateway.ts [--rounds 5] [--requests 2000] [--streams 100] [--seconds 5] [--warm-up 10000] [--out gateway.json]
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startCluster } from '../../test/support/start-cluster.ts';
import { createClient, repeat, toChat } from './load.ts';
import { startNginxPeer } from './nginx-peer.ts';
import { cpuMicroseconds, median } from './process-cost.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    requests: { type: 'string', default: '2000' },
    streams: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '5' },
    'warm-up': { type: 'string', default: '10000' },
    out: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const requests = Number(values.requests);
const streams = Number(values.streams);
const tokensPerSecond = 50;
const width = 32;
const TOKENS_PER_STREAM = Number(values.seconds) * tokensPerSecond;

interface Target {
  readonly name: string;
  readonly post: ReturnType<typeof createClient>['post'];
  /** Whose processor time counts, by name. */
  readonly processes: Readonly<Record<string, readonly number[]>>;
}

interface Measurement {
  readonly round: number;
  readonly load: 'request' | 'chunk';
  readonly target: string;
  readonly process: string;
  readonly count: number;
  readonly microseconds: number;
  readonly loadAverage: number;
}

const cpuOf = async (pids: readonly number[]) => (await Promise.all(pids.map(cpuMicroseconds))).reduce((total, time) => total + time, 0);
const round2 = (value: number) => Math.round(value * 100) / 100;

/** Runs a load and says what each process of the target spent per unit of it. */
async function measure(
  target: Target,
  round: number,
  load: Measurement['load'],
  work: () => Promise<number>,
): Promise<readonly Measurement[]> {
  const names = Object.keys(target.processes);
  const read = () => Promise.all(names.map((name) => cpuOf(target.processes[name] ?? [])));
  const before = await read();
  const count = await work();
  const after = await read();
  return names.map((process, index) => ({
    round,
    load,
    target: target.name,
    process,
    count,
    microseconds: round2(((after[index] ?? 0) - (before[index] ?? 0)) / count),
    loadAverage: round2(loadavg()[0] ?? 0),
  }));
}

/** Many short answers, so many at a time. */
const askMany = (target: Target) => async () => {
  await repeat(requests, width, () => target.post(toChat('quick', false)));
  return requests;
};

/** All streams side by side; counts the events that came. */
const streamMany = (target: Target) => async () => {
  const answers = await Promise.all(Array.from({ length: streams }, () => target.post(toChat('steady', true))));
  return answers.reduce((total, { events }) => total + events, 0);
};

const folder = await mkdtemp(join(tmpdir(), 'bench-gateway-'));
const script = async (name: string, content: object) => {
  const path = join(folder, `${name}.fake.json`);
  await writeFile(path, JSON.stringify({ fake: 1, parallel: 1024, ...content }));
  return path;
};
const models = {
  quick: await script('quick', { text: 'A short answer.', tokensPerSecond: 100_000 }),
  steady: await script('steady', { tokensPerSecond, answerTokens: TOKENS_PER_STREAM }),
};

await using cluster = await startCluster({ models });
const client = createClient(cluster.url);
const { text: json } = await client.post(toChat('quick', false));
const { text: stream } = await client.post(toChat('steady', true));
const events = stream.split(/(?<=\n\n)/);
await using nginx = await startNginxPeer({ json, events, everyMs: 1000 / tokensPerSecond });
const peer = createClient(nginx.url);
const { controlPlane, agent, engines } = await cluster.pids();
const targets: readonly Target[] = [
  { name: 'cluster-ai', post: client.post, processes: { 'control plane': [controlPlane], agent: [agent], 'fake engine': engines } },
  { name: 'nginx', post: peer.post, processes: { nginx: nginx.pids } },
];

// code that runs seldom is interpreted and compiled on the side, which would be counted as the cost of a request
for (const target of targets) await repeat(Number(values['warm-up']), width, () => target.post(toChat('quick', false)));

const measurements: Measurement[] = [];
for (let round = 0; round <= rounds; round++) {
  for (const target of round % 2 === 0 ? targets : targets.toReversed()) {
    const taken = [
      ...(await measure(target, round, 'request', askMany(target))),
      ...(await measure(target, round, 'chunk', streamMany(target))),
    ];
    if (round === 0) continue; // the first round warms up
    measurements.push(...taken);
    console.log(
      `round ${round}  ${target.name.padEnd(10)} ${taken.map((each) => `${each.process} ${each.microseconds} µs/${each.load}`).join('  ')}`,
    );
  }
}
client.close();
peer.close();
await rm(folder, { recursive: true, force: true });

const loads = ['request', 'chunk'] as const;
const at = (round: number, load: string, process: string) =>
  measurements.find((each) => each.round === round && each.load === load && each.process === process)?.microseconds ?? Number.NaN;
const everyRound = Array.from({ length: rounds }, (_, index) => index + 1);
const summary = loads.flatMap((load) =>
  ['control plane', 'agent', 'fake engine', 'nginx'].map((process) => {
    const times = everyRound.map((round) => at(round, load, process));
    return { process, per: load, 'µs (median)': round2(median(times)), min: Math.min(...times), max: Math.max(...times) };
  }),
);
const toRatio = (load: string, what: string, cost: (round: number) => number) => {
  const ratios = everyRound.map((round) => cost(round) / at(round, load, 'nginx'));
  return {
    what,
    per: load,
    'of nginx (median)': round2(median(ratios)),
    min: round2(Math.min(...ratios)),
    max: round2(Math.max(...ratios)),
  };
};
const ratios = loads.flatMap((load) => [
  toRatio(load, 'control plane', (round) => at(round, load, 'control plane')),
  toRatio(load, 'control plane + agent', (round) => at(round, load, 'control plane') + at(round, load, 'agent')),
]);
console.table(summary);
console.table(ratios);
if (values.out !== undefined) {
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const notes = [
    `${requests} requests of 950 bytes, ${width} at a time; ${streams} streams of ${tokensPerSecond} tokens per second. Processor time of all threads, from the kernel.`,
    'nginx has one plain hop on loopback. Ours has TLS and HTTP/2 between control plane and agent, and a second hop to the engine.',
  ];
  const result = { benchmark: 'gateway', title: 'What a request and a streamed chunk cost', machine, notes, ratios, summary, measurements };
  await writeFile(values.out, `${JSON.stringify(result, null, 1)}\n`);
}
