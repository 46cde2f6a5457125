/*
 * A hundred clients download the same large file at once, from the control plane by a signed address and from nginx, in turn; unthrottled,
 * over loopback. Meanwhile the control plane answers questions and streams tokens. Limits: 0.7 of nginx, 400 MB resident, p99 of questions
 * 50 ms, gaps between tokens 50 ms beyond their own.
 *
 *   node bench/registry/downloads.ts [--rounds 5] [--clients 100] [--megabytes 256] [--out downloads.json]
 */
import { execFile } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request as startRequest } from 'node:http';
import { cpus, loadavg, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { startCluster } from '../../test/support/start-cluster.ts';
import { toChat } from '../gateway/load.ts';
import { cpuMicroseconds, median, residentMegabytes } from '../gateway/process-cost.ts';
import { serveFilesWithNginx } from './nginx-files.ts';
import { storeBlob } from './store-blob.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    clients: { type: 'string', default: '100' },
    megabytes: { type: 'string', default: '256' },
    out: { type: 'string' },
  },
});
const run = promisify(execFile);
const clients = Number(values.clients);
const totalBytes = clients * Number(values.megabytes) * 1e6;
const goals = { ratio: 0.7, megabytes: 400, metadataMs: 50, gapMs: 50 };
const TOKEN_MS = 20;
const ASK_EVERY_MS = 25;
const round2 = (value: number) => Math.round(value * 100) / 100;
const quantile = (numbers: readonly number[], share: number) =>
  numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.ceil(numbers.length * share) - 1)] ?? Number.NaN;

const folder = await mkdtemp(join(tmpdir(), 'bench-downloads-'));
const script = join(folder, 'steady.fake.json');
await writeFile(
  script,
  JSON.stringify({ fake: 1, parallel: 16, tokensPerSecond: 1000 / TOKEN_MS, answerTokens: 100_000, contextSize: 1e7 }),
);
const file = join(folder, 'weights');
{
  const target = createWriteStream(file);
  const block = Buffer.alloc(1e6);
  for (let i = 0; i < Number(values.megabytes); i++) if (!target.write(Buffer.from(randomFillSync(block)))) await once(target, 'drain');
  target.end();
  await once(target, 'close');
}
await using cluster = await startCluster({ models: { steady: script } });
const { path, stored } = await storeBlob(cluster.dataFolder, file);
await using nginx = await serveFilesWithNginx(dirname(stored));
const { controlPlane } = await cluster.pids();
const agent = new Agent({ keepAlive: true });

/** One `curl` with so many connections: the client must cost less than what it measures. */
async function download(url: string): Promise<number> {
  const list = join(folder, 'list');
  await writeFile(list, `url = "${url}"\noutput = "/dev/null"\n`.repeat(clients));
  const flags = ['--silent', '--show-error', '--fail', '--parallel', '--parallel-immediate', '--parallel-max', String(clients)];
  const startedAt = performance.now();
  await run('curl', [...flags, '--config', list]);
  return (performance.now() - startedAt) / 1000;
}

function ask(): Promise<number> {
  const { hostname, port } = new URL(cluster.url);
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const asked = startRequest({ hostname, port, path: '/api/v1/models', agent, headers: cluster.ownerHeaders() }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(performance.now() - startedAt));
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** Milliseconds between the tokens of one stream, until the signal aborts. */
async function watchStream(signal: AbortSignal): Promise<readonly number[]> {
  const headers = { ...cluster.ownerHeaders(), 'content-type': 'application/json' };
  const answer = await fetch(`${cluster.url}/v1/chat/completions`, { method: 'POST', headers, body: toChat('steady', true), signal });
  const gaps: number[] = [];
  let last: number | undefined;
  try {
    for await (const _ of answer.body ?? []) {
      const now = performance.now();
      if (last !== undefined) gaps.push(now - last);
      last = now;
    }
  } catch {
    // ended by us
  }
  return gaps;
}

async function watch(work: () => Promise<number>) {
  const stop = new AbortController();
  const stream = watchStream(stop.signal);
  await sleep(500);
  const asked: number[] = [];
  const asking = (async () => {
    while (!stop.signal.aborted) {
      asked.push(await ask());
      await sleep(ASK_EVERY_MS);
    }
  })();
  let megabytes = 0;
  const measuring = (async () => {
    while (!stop.signal.aborted) {
      megabytes = Math.max(megabytes, await residentMegabytes(controlPlane));
      await sleep(100);
    }
  })();
  const before = await cpuMicroseconds(controlPlane);
  const seconds = await work();
  const cpuSeconds = ((await cpuMicroseconds(controlPlane)) - before) / 1e6;
  stop.abort();
  await Promise.all([asking, measuring]);
  return { seconds, asked, gaps: await stream, megabytes, cpuSeconds };
}

const measurements: Record<string, string | number>[] = [];
const urls = { ours: `${cluster.url}${path}`, nginx: `${nginx.url}/${basename(stored)}` };
await download(urls.nginx); // the file is in memory from now on
for (let round = 1; round <= Number(values.rounds); round++) {
  for (const who of round % 2 === 0 ? (['ours', 'nginx'] as const) : (['nginx', 'ours'] as const)) {
    const { seconds, asked, gaps, megabytes, cpuSeconds } = await watch(() => download(urls[who]));
    const measured = {
      round,
      who,
      seconds: round2(seconds),
      'MB/s': Math.round(totalBytes / 1e6 / seconds),
      'control plane MB': Math.round(megabytes),
      'control plane cpu s': round2(cpuSeconds),
      'questions p50 ms': round2(quantile(asked, 0.5)),
      'questions p99 ms': round2(quantile(asked, 0.99)),
      'token gap p50 ms': round2(quantile(gaps, 0.5)),
      'token gap p99 ms': round2(quantile(gaps, 0.99)),
      'token gap max ms': round2(Math.max(...gaps)),
      loadAverage: round2(loadavg()[0] ?? 0),
    };
    measurements.push(measured);
    console.log(JSON.stringify(measured));
  }
}
agent.destroy();
await rm(folder, { recursive: true, force: true });

const of = (who: string, what: string) => measurements.filter((each) => each['who'] === who).map((each) => Number(each[what]));
const speeds = of('ours', 'MB/s').map((speed, index) => speed / (of('nginx', 'MB/s')[index] ?? Number.NaN));
const ours = (what: string) => of('ours', what);
const row = (what: string, each: readonly number[], goal: number) => ({
  what,
  median: round2(median(each)),
  min: round2(Math.min(...each)),
  max: round2(Math.max(...each)),
  goal,
});
const ratios = [
  row('bytes a second, of nginx', speeds, goals.ratio),
  row('resident MB of the control plane', ours('control plane MB'), goals.megabytes),
  row('questions meanwhile, p99 ms', ours('questions p99 ms'), goals.metadataMs),
  row('gap between tokens meanwhile, p99 ms', ours('token gap p99 ms'), goals.gapMs),
];
console.table(ratios);
if (values.out !== undefined) {
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const notes = [
    `${clients} connections of one curl, ${values.megabytes} MB each, loopback, unthrottled; server, client, questions and the stream share ${cpus().length} cores.`,
    `Meanwhile one client asks for the list of models every ${ASK_EVERY_MS} ms, and one reads a stream with a token each ${TOKEN_MS} ms; also while nginx serves.`,
  ];
  const result = { benchmark: 'registry-downloads', title: 'A hundred downloads at once', machine, notes, ratios, measurements };
  await writeFile(values.out, `${JSON.stringify(result, null, 1)}\n`);
}
const [speed, memory, questions, gaps] = ratios.map((each) => each.median);
const isFine =
  (speed ?? 0) >= goals.ratio &&
  (memory ?? Number.POSITIVE_INFINITY) < goals.megabytes &&
  (questions ?? Number.POSITIVE_INFINITY) < goals.metadataMs &&
  (gaps ?? Number.POSITIVE_INFINITY) <= goals.gapMs;
process.exitCode = isFine ? 0 : 1;
