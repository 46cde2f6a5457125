/*
 * How long a large file takes on its way in: by HTTP over loopback into the store (streamed, hashed, synced, recorded), beside `sha256sum`,
 * `cp` and `sync` of the same file, in turn. Limit: 0.8 of their speed.
 *
 *   node bench/registry/upload.ts [--rounds 5] [--megabytes 1000] [--out upload.json]
 */
import { execFile, fork } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { median } from '../gateway/process-cost.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, megabytes: { type: 'string', default: '1000' }, out: { type: 'string' } },
});
const run = promisify(execFile);
const megabytes = Number(values.megabytes);
const GOAL = 0.8;
const round2 = (value: number) => Math.round(value * 100) / 100;
const folder = await mkdtemp(join(tmpdir(), 'bench-upload-'));
const file = join(folder, 'weights');

/** Other bytes each round: the store keeps the same bytes once. */
async function makeFile(): Promise<void> {
  const target = createWriteStream(file);
  const block = Buffer.alloc(1e6);
  for (let i = 0; i < megabytes; i++) if (!target.write(Buffer.from(randomFillSync(block)))) await once(target, 'drain');
  target.end();
  await once(target, 'close');
  await run('sync', [file]);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}

const server = fork(join(import.meta.dirname, 'upload-server.ts'), [join(folder, 'store')], {
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
});
const [{ port }] = (await once(server, 'message')) as [AddressInfo];
const url = `http://127.0.0.1:${port}`;

const ways = {
  ours: async () => run('curl', ['--silent', '--show-error', '--fail', '-H', 'Expect:', '-T', file, url]),
  tools: async () => {
    await run('sha256sum', [file]);
    await run('cp', [file, join(folder, 'copy')]);
    await run('sync', [join(folder, 'copy')]);
  },
};

const measurements: Record<string, string | number>[] = [];
for (let round = 1; round <= Number(values.rounds); round++) {
  await makeFile();
  for (const who of round % 2 === 0 ? (['ours', 'tools'] as const) : (['tools', 'ours'] as const)) {
    const seconds = await timed(ways[who]);
    await rm(join(folder, 'copy'), { force: true });
    await rm(join(folder, 'store', 'blobs', 'sha256'), { recursive: true, force: true });
    await run('sync', ['-f', folder]); // the next one does not wait for what this one left to write
    const measured = {
      round,
      who,
      seconds: round2(seconds),
      'MB/s': Math.round(megabytes / seconds),
      loadAverage: round2(loadavg()[0] ?? 0),
    };
    measurements.push(measured);
    console.log(JSON.stringify(measured));
  }
}
const mostMegabytes = Math.round(Number(await (await fetch(url)).text()) / 1e6);
server.disconnect();
await rm(folder, { recursive: true, force: true });

const of = (who: string) => measurements.filter((each) => each['who'] === who).map((each) => Number(each['MB/s']));
const each = of('ours').map((speed, index) => speed / (of('tools')[index] ?? Number.NaN));
const ratios = [
  {
    what: 'bytes a second, of sha256sum + cp + sync',
    median: round2(median(each)),
    min: round2(Math.min(...each)),
    max: round2(Math.max(...each)),
    goal: GOAL,
  },
  { what: 'most resident MB of the server', median: mostMegabytes, min: '', max: '', goal: '' },
];
console.table(ratios);
if (values.out !== undefined) {
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const notes = [
    `A file of ${megabytes} MB, other bytes each round, in the cache of files when it is read. Both ways end when the bytes are on the disk.`,
  ];
  const result = { benchmark: 'registry-upload', title: 'A large file on its way in', machine, notes, ratios, measurements };
  await writeFile(values.out, `${JSON.stringify(result, null, 1)}\n`);
}
process.exitCode = median(each) >= GOAL ? 0 : 1;
