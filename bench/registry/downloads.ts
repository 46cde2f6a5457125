/*
 * A hundred clients download the same large file at once, from the control plane by a signed address and from nginx, in turn: unthrottled over
 * loopback, or from another host of the test bed over a link of so many Mbit/s. Meanwhile a process of its own asks questions and reads a stream
 * of tokens. Limits: 0.7 of nginx (0.9 over a link), 400 MB resident, p99 of questions 50 ms, gaps between tokens 50 ms beyond their own.
 *
 *   node bench/registry/downloads.ts [--rounds 5] [--clients 100] [--megabytes 256] [--link 1000] [--out downloads.json]
 */
import { execFile, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { toChat } from '../gateway/load.ts';
import { cpuMicroseconds, median, residentMegabytes } from '../gateway/process-cost.ts';
import { openDownloadServers } from './open-download-servers.ts';
import type { ProbeWish } from './probe.ts';
import { startProbe } from './start-probe.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    clients: { type: 'string', default: '100' },
    megabytes: { type: 'string', default: '256' },
    link: { type: 'string' },
    out: { type: 'string' },
  },
});
const run = promisify(execFile);
const testbed = process.env['TB'];
if (values.link !== undefined && testbed === undefined) {
  // once more, on the host "server" of a test bed with one other host
  const bed = join(import.meta.dirname, '../../test/testbed/testbed.sh');
  const again = ['run', '-n', '1', '--', process.execPath, ...process.argv.slice(1)];
  process.exit(spawnSync(bed, again, { stdio: 'inherit' }).status ?? 1);
}
const clients = Number(values.clients);
const megabytes = Number(values.megabytes);
const goals = { ratio: values.link === undefined ? 0.7 : 0.9, megabytes: 400, metadataMs: 50, gapMs: 50 };
const TOKEN_MS = 20;
const ASK_EVERY_MS = 25;
const round2 = (value: number) => Math.round(value * 100) / 100;
const quantile = (numbers: readonly (number | null)[], share: number) => {
  const sorted = numbers.map((number) => number ?? Number.POSITIVE_INFINITY).toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
};

/** Where clients are, and how to start something there. With one queue for all connections a link makes every answer wait, whoever gives it. */
async function openPlace(): Promise<{ host: string; prefix: readonly string[] }> {
  if (values.link === undefined || testbed === undefined) return { host: '127.0.0.1', prefix: [] };
  await run(testbed, ['fair', 'server', String(Number(values.link) * 1000)]);
  return { host: (await run(testbed, ['ip', 'server'])).stdout.trim(), prefix: [testbed, 'exec', 'node1'] };
}
const place = await openPlace();
await using servers = await openDownloadServers(place.host, megabytes, TOKEN_MS);
const { cluster, headers, authority, files, tinyFile, folder } = servers;
const { controlPlane } = await cluster.pids();
const wish: ProbeWish = {
  questions: { control: { url: `${cluster.url}/api/v1/models`, headers }, nginx: { url: tinyFile, headers: {} } },
  pauseMs: ASK_EVERY_MS,
  stream: { url: `${cluster.url}/v1/chat/completions`, headers, body: toChat('steady', true) },
};
const startWatching = () =>
  startProbe(wish, { prefix: place.prefix, environment: authority === undefined ? {} : { NODE_EXTRA_CA_CERTS: authority } });

/** One `curl` with so many connections: the client must cost less than what it measures. Gives seconds. */
async function download(url: string): Promise<number> {
  const list = join(folder, 'list');
  await writeFile(list, `url = "${url}"\noutput = "/dev/null"\n`.repeat(clients));
  const flags = ['--silent', '--show-error', '--fail', '--parallel', '--parallel-immediate', '--parallel-max', String(clients)];
  const [command = '', ...args] = [...place.prefix, 'curl', ...flags, ...(authority === undefined ? [] : ['--cacert', authority])];
  const startedAt = performance.now();
  await run(command, [...args, '--config', list]);
  return (performance.now() - startedAt) / 1000;
}

async function watch(work: () => Promise<number>) {
  const probe = await startWatching();
  const stop = new AbortController();
  let resident = 0;
  const measuring = (async () => {
    while (!stop.signal.aborted) {
      resident = Math.max(resident, await residentMegabytes(controlPlane));
      await sleep(100);
    }
  })();
  const before = await cpuMicroseconds(controlPlane);
  const seconds = await work().finally(() => stop.abort());
  const cpuSeconds = ((await cpuMicroseconds(controlPlane)) - before) / 1e6;
  await measuring;
  return { seconds, resident, cpuSeconds, ...(await probe.stop()) };
}

const measurements: Record<string, string | number>[] = [];
await download(files.nginx.replace(/weights$/, 'tiny')); // curl and nginx are there from now on
for (let round = 1; round <= Number(values.rounds); round++) {
  for (const who of round % 2 === 0 ? (['ours', 'nginx'] as const) : (['nginx', 'ours'] as const)) {
    const { seconds, answers, gaps, resident, cpuSeconds } = await watch(() => download(files[who]));
    const { control = [], nginx = [] } = answers;
    const measured = {
      round,
      who,
      seconds: round2(seconds),
      'MB/s': Math.round((clients * megabytes) / seconds),
      'control plane MB': Math.round(resident),
      'control plane cpu s': round2(cpuSeconds),
      'questions p50 ms': round2(quantile(control, 0.5)),
      'questions p99 ms': round2(quantile(control, 0.99)),
      'tiny file of nginx p50 ms': round2(quantile(nginx, 0.5)),
      'tiny file of nginx p99 ms': round2(quantile(nginx, 0.99)),
      'token gap p50 ms': round2(quantile(gaps, 0.5)),
      'token gap p99 ms': round2(quantile(gaps, 0.99)),
      'token gap max ms': round2(Math.max(...gaps)),
      loadAverage: round2(loadavg()[0] ?? 0),
    };
    measurements.push(measured);
    console.log(JSON.stringify(measured));
  }
}

const of = (who: string, what: string) => measurements.filter((each) => each['who'] === who).map((each) => Number(each[what]));
const row = (what: string, each: readonly number[], goal: number | string) => ({
  what,
  median: round2(median(each)),
  min: round2(Math.min(...each)),
  max: round2(Math.max(...each)),
  goal,
});
const speeds = of('ours', 'MB/s').map((speed, index) => speed / (of('nginx', 'MB/s')[index] ?? Number.NaN));
const ratios = [
  row('bytes a second, of nginx', speeds, goals.ratio),
  row('resident MB of the control plane', of('ours', 'control plane MB'), goals.megabytes),
  row('questions meanwhile, p99 ms', of('ours', 'questions p99 ms'), goals.metadataMs),
  row('gap between tokens meanwhile, p99 ms', of('ours', 'token gap p99 ms'), goals.gapMs),
  row('questions while nginx serves the files, p99 ms', of('nginx', 'questions p99 ms'), ''),
  row('a tiny file of nginx while nginx serves the files, p99 ms', of('nginx', 'tiny file of nginx p99 ms'), ''),
];
console.table(ratios);
if (values.out !== undefined) {
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const way =
    values.link === undefined
      ? 'loopback, unthrottled'
      : `from another host (a network namespace) over a link of ${values.link} Mbit/s, shaped where the server sends (\`tc\` htb with a queue for each connection, as fq_codel has it; this kernel has no fq_codel; congestion control is the machine's); ours with TLS, nginx without`;
  const notes = [
    `${clients} connections of one curl, ${megabytes} MB each, ${way}; servers, clients and the probe share ${cpus().length} cores.`,
    `Meanwhile a process of its own, at the same priority, asks for the list of models and for a file of 500 bytes from nginx, each ${ASK_EVERY_MS} ms after the last answer, and reads a stream with a token each ${TOKEN_MS} ms; also while nginx serves.`,
  ];
  const title = values.link === undefined ? 'A hundred downloads at once' : `A hundred downloads at once over ${values.link} Mbit/s`;
  const result = { benchmark: 'registry-downloads', title, machine, notes, ratios, measurements };
  await writeFile(values.out, `${JSON.stringify(result, null, 1)}\n`);
}
const [speed, memory, questions, gaps] = ratios.map((each) => each.median);
const isFine =
  (speed ?? 0) >= goals.ratio &&
  (memory ?? Number.POSITIVE_INFINITY) < goals.megabytes &&
  (questions ?? Number.POSITIVE_INFINITY) < goals.metadataMs &&
  (gaps ?? Number.POSITIVE_INFINITY) <= goals.gapMs;
process.exitCode = isFine ? 0 : 1;
