/*
 * How fast a warm start is, and what an idle cluster of one machine costs, beside the limits that we set ourselves:
 * `npm start` to ready ≤ 3 s; control plane < 200 MB resident and < 1 % of a core; agent < 150 MB without a replica.
 *
 *   node bench/idle/idle.ts [--rounds 5] [--seconds 30] [--out idle.json]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { childrenOf } from '../../test/support/start-cluster.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '30' }, out: { type: 'string' } },
});
const root = join(import.meta.dirname, '../..');
/** Past the work of starting: code is compiled, folders are looked through, the first sweeps run. What is measured is rest. */
const SETTLE_MS = 20_000;
const MS_PER_TICK = 10; // USER_HZ is 100 on every Linux that we know

const residentMb = async (pid: number) =>
  (Number(/VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024) / 1e6;
async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
const round = (value: number, digits = 1) => Math.round(value * 10 ** digits) / 10 ** digits;

/** Every process below one, itself included. */
async function familyOf(pid: number): Promise<{ pid: number; command: string }[]> {
  const children = await childrenOf(pid);
  return (await Promise.all(children.map(async (child) => [child, ...(await familyOf(child.pid))]))).flat();
}

/** `npm start`, from the command to the line that says ready. */
async function startOnce(dataFolder: string) {
  const beganAt = performance.now();
  const child = spawn(
    'npm',
    ['start', '--silent', '--', '--json', '--no-open', '--data-dir', dataFolder, '--port', '0', '--ollama-port', '0', '--link-port', '0'],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    },
  );
  await once(child.stdout, 'data');
  const readyMs = performance.now() - beganAt;
  return { child, readyMs };
}

async function stop(pid: number): Promise<void> {
  const family = await familyOf(pid);
  const supervisor = family.find(({ command }) => command.includes('main.ts up'));
  if (supervisor) process.kill(supervisor.pid, 'SIGTERM');
}

const dataFolder = await mkdtemp(join(tmpdir(), 'idle-'));
const measurements: Record<string, unknown>[] = [];
for (let i = 0; i <= Number(values.rounds); i++) {
  const { child, readyMs } = await startOnce(dataFolder);
  const family = await familyOf(child.pid ?? -1);
  const find = (name: string) => family.find(({ command }) => command.startsWith(name))?.pid ?? -1;
  const [controlPlane, agent] = [find('cluster-ai control plane'), find('cluster-ai agent')];
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const before = [await cpuMs(controlPlane), await cpuMs(agent)] as const;
  const seconds = i === 0 ? 1 : Number(values.seconds);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const measurement = {
    round: i,
    readyMs: Math.round(readyMs),
    controlPlaneMb: round(await residentMb(controlPlane)),
    controlPlaneCpuPercent: round(((await cpuMs(controlPlane)) - before[0]) / (seconds * 10), 2),
    agentMb: round(await residentMb(agent)),
    agentCpuPercent: round(((await cpuMs(agent)) - before[1]) / (seconds * 10), 2),
    loadAverage: round(loadavg()[0] ?? 0, 2),
  };
  const ended = once(child, 'exit');
  await stop(child.pid ?? -1);
  await ended;
  if (i === 0) continue; // the first start fills the compile cache and makes the data folder
  measurements.push(measurement);
  console.log(JSON.stringify(measurement));
}
await rm(dataFolder, { recursive: true, force: true });

const limits = { readyMs: 3000, controlPlaneMb: 200, controlPlaneCpuPercent: 1, agentMb: 150 };
const ratios = Object.entries(limits).map(([what, limit]) => {
  const value = median(measurements.map((measurement) => measurement[what] as number));
  return { what, median: value, limit, 'of the limit': round(value / limit, 2) };
});
console.table(ratios);
if (values.out !== undefined) {
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  await writeFile(
    values.out,
    JSON.stringify({ benchmark: 'idle', title: 'Warm start and idle cost', machine, ratios, measurements }, null, 1),
  );
}
