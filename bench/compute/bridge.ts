/*
 * What our bridge costs beside a plain Python client of Dask: round trip, map, tasks one by one, and the client's processor time, in turn in one
 * run on the same scheduler. And how long ten thousand tasks of one call take until they are durable.
 *
 *   node bench/compute/bridge.ts [--pairs 10] [--tasks 1000] [--out bridge.json]
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { silentLogger, systemClock } from '@cluster-ai/runtime';
import type { BridgeEvent, BridgeTask } from '../../packages/control-plane/src/compute/bridge/messages.ts';
import { createBridge } from '../../packages/control-plane/src/compute/bridge/open-bridge.ts';
import { createTaskStore } from '../../packages/control-plane/src/compute/tasks/task-store.ts';
import { work } from '../../packages/control-plane/src/compute/testing/open-test-tasks.ts';
import { findDaskPython, startDask } from '../../packages/control-plane/src/compute/testing/start-dask.ts';
import { openDatabase } from '../../packages/control-plane/src/stores/open-database.ts';
import { cpuMicroseconds, median } from '../gateway/process-cost.ts';

const { values } = parseArgs({
  options: { pairs: { type: 'string', default: '10' }, tasks: { type: 'string', default: '1000' }, out: { type: 'string' } },
});
const python = (await findDaskPython()) ?? '';
if (python === '') process.exit(1);
const count = Number(values.tasks);
const ROUND_TRIPS = 20;
const round3 = (value: number) => Math.round(value * 1000) / 1000;
const folder = await mkdtemp(join(tmpdir(), 'bench-bridge-'));
const dask = await startDask(python, { workers: 2, threads: 1, morePythonPath: [import.meta.dirname] });

interface Measured {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly took?: readonly number[] | null;
}

/** The plain client, told by lines. */
async function startPlain() {
  const child = spawn(python, [join(import.meta.dirname, 'plain_client.py'), dask.address], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, PYTHONPATH: import.meta.dirname },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return {
    async run(what: string, tasks: number): Promise<Measured> {
      child.stdin.write(`${JSON.stringify({ what, count: tasks })}\n`);
      return JSON.parse(String((await lines.next()).value)) as Measured;
    },
    close: async () => {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

/** Our bridge, as the control plane uses it. */
async function startOurs() {
  const bridge = createBridge({
    python,
    pythonPath: [...dask.pythonPath, import.meta.dirname],
    findPlace: async () => ({ scheduler: dask.address }),
    spoolFolder: join(folder, 'spool'),
    inlineBytes: 65_536,
    executor: 'bench_tasks:execute',
    window: 20_000,
    clock: systemClock,
    log: silentLogger,
  });
  const stop = new AbortController();
  const connected = Promise.withResolvers<void>();
  let left = 0;
  let isDone = () => {};
  const onEvents = (events: readonly BridgeEvent[]) => {
    left -= events.filter(({ type }) => type === 'done').length;
    if (left === 0) isDone();
  };
  const running = bridge.run({ onConnected: () => connected.resolve(), onEvents, onLost: () => {} }, stop.signal);
  await connected.promise;
  const toTask = (value: number): BridgeTask => {
    const id = randomUUID();
    return { id, attempt: 1, key: `echo-${id}`, spec: JSON.stringify({ id, attempt: 1, input: value }), resources: {}, priority: 0 };
  };
  const untilDone = (tasks: number, submit: () => void) =>
    new Promise<void>((resolve) => {
      left = tasks;
      isDone = resolve;
      submit();
    });
  const numbers = (tasks: number) => Array.from({ length: tasks }, (_, index) => index);
  const ways = {
    'round trips': async (tasks: number, took: number[]) => {
      for (const value of numbers(tasks)) {
        const startedAt = performance.now();
        await untilDone(1, () => void bridge.submit([toTask(value)]));
        took.push(performance.now() - startedAt);
      }
    },
    map: (tasks: number) => untilDone(tasks, () => void bridge.submit(numbers(tasks).map(toTask))),
    'one by one': (tasks: number) =>
      untilDone(tasks, () => {
        for (const value of numbers(tasks)) bridge.submit([toTask(value)]);
      }),
  };
  return {
    async run(what: string, tasks: number): Promise<Measured> {
      const pid = bridge.pid() ?? 0;
      const took: number[] = [];
      const cpu = await cpuMicroseconds(pid);
      const startedAt = performance.now();
      await ways[what as keyof typeof ways](tasks, took);
      const seconds = (performance.now() - startedAt) / 1000;
      return { seconds, cpuSeconds: ((await cpuMicroseconds(pid)) - cpu) / 1e6, took };
    },
    close: async () => {
      stop.abort();
      await running;
    },
  };
}

/** Seconds until ten thousand accepted tasks are on the disk. */
async function measureAcceptance(): Promise<number> {
  await using database = await openDatabase({ url: '', folder: { database: join(folder, 'cluster.db') }, log: silentLogger });
  const submitter = { kind: 'person', id: 'ana', ownerId: 'ana' };
  const startedAt = performance.now();
  const tasks = Array.from({ length: 10_000 }, (_, index) => ({
    id: `task-${index}`,
    request: work([index]),
    dependsOn: [],
    submitter,
    sequence: index,
  }));
  await database.transaction((transaction) => createTaskStore(database).insert(transaction, tasks, 1));
  return (performance.now() - startedAt) / 1000;
}

const parties = { plain: await startPlain(), ours: await startOurs() };
const measurements: Record<string, string | number>[] = [];
const ratios = new Map<string, number[]>();
const note = (what: string, ratio: number) => ratios.set(what, [...(ratios.get(what) ?? []), ratio]);
for (const party of Object.values(parties)) await party.run('map', 50); // everything is loaded
for (let pair = 1; pair <= Number(values.pairs); pair++) {
  for (const what of ['round trips', 'map', 'one by one']) {
    const tasks = what === 'round trips' ? ROUND_TRIPS : count;
    const found: Partial<Record<'plain' | 'ours', Measured>> = {};
    for (const who of pair % 2 === 0 ? (['ours', 'plain'] as const) : (['plain', 'ours'] as const)) {
      const measured = await parties[who].run(what, tasks);
      found[who] = measured;
      const line = {
        pair,
        what,
        who,
        seconds: round3(measured.seconds),
        cpuSeconds: round3(measured.cpuSeconds),
        loadAverage: round3(loadavg()[0] ?? 0),
      };
      measurements.push(line);
      console.log(JSON.stringify(line));
    }
    const { plain, ours } = found;
    if (!plain || !ours) continue;
    if (what === 'round trips') note('round trip, times the plain client’s', median(ours.took ?? []) / median(plain.took ?? []));
    else {
      note(`${what}: throughput, of the plain client’s`, plain.seconds / ours.seconds);
      note(`${what}: processor time, times the plain client’s`, ours.cpuSeconds / plain.cpuSeconds);
    }
  }
}
const acceptance = await measureAcceptance();
for (const party of Object.values(parties)) await party.close();
await dask[Symbol.asyncDispose]();
await rm(folder, { recursive: true, force: true });

const goals: Readonly<Record<string, { readonly goal: number; readonly isLess: boolean }>> = {
  'round trip, times the plain client’s': { goal: 1.1, isLess: true },
  'map: throughput, of the plain client’s': { goal: 0.9, isLess: false },
  'one by one: throughput, of the plain client’s': { goal: 0.8, isLess: false },
  'map: processor time, times the plain client’s': { goal: 1.5, isLess: true },
  'one by one: processor time, times the plain client’s': { goal: 1.5, isLess: true },
};
const rows = [...ratios].map(([what, each]) => ({ what, median: round3(median(each)), min: round3(Math.min(...each)), max: round3(Math.max(...each)), goal: goals[what]?.goal ?? 0 })); // biome-ignore format: one row
rows.push({ what: 'seconds until 10 000 tasks of one call are durable', median: round3(acceptance), min: round3(acceptance), max: round3(acceptance), goal: 2 }); // biome-ignore format: one row
console.table(rows);
if (values.out !== undefined) {
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const notes = [
    `Maps and single tasks of ${count} trivial tasks, two workers of one thread, everything on one machine; without TLS on either side.`,
  ];
  const result = { benchmark: 'compute-bridge', title: 'The bridge to Dask', machine, notes, ratios: rows, measurements };
  await writeFile(values.out, `${JSON.stringify(result, null, 1)}\n`);
}
const isMet = ({ what, median: found, goal }: (typeof rows)[number]) => ((goals[what]?.isLess ?? true) ? found <= goal : found >= goal);
process.exitCode = rows.every(isMet) ? 0 : 1;
