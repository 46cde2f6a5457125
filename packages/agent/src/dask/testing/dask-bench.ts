import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkerSpec } from '@cluster-ai/contracts';
import { type Child, silentLogger, startProgram, systemClock } from '@cluster-ai/runtime';
import type { Weights } from '../../weights/weights.ts';
import type { Compute } from '../compute.ts';
import { openCompute } from '../open-compute.ts';
import { probePlace } from '../probe-places.ts';
import type { ReadyEnvironment } from '../worker-environment.ts';
import { toMadeEnvironment } from './find-environment.ts';
import { makeTestAuthority } from './make-authority.ts';

const driver = join(import.meta.dirname, 'dask_driver.py');

export interface Task {
  /** Python that defines `main(argument)`. */
  readonly source: string;
  readonly argument?: unknown;
  readonly resources?: Readonly<Record<string, number>>;
}

/** A scheduler of Dask as a process of its own, and a client of it. */
export interface DaskBench extends AsyncDisposable {
  readonly address: string;
  readonly folder: string;
  startScheduler(): Promise<void>;
  killScheduler(): Promise<void>;
  spec(wish: Partial<WorkerSpec>): WorkerSpec;
  /** A node with a data folder of its own. */
  openNode(wish?: {
    readonly isLocal?: boolean;
    readonly weights?: Pick<Weights, 'ensure' | 'hold'>;
  }): Promise<Compute & { readonly dataFolder: string }>;
  run(task: Task): Promise<unknown>;
  /** Its result stays on the worker until `heldValue`. */
  hold(task: Task): Promise<void>;
  heldValue(): Promise<unknown>;
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

export async function openDaskBench(environment: ReadyEnvironment): Promise<DaskBench> {
  const folder = mkdtempSync(join(tmpdir(), 'cai-dask-'));
  const keys = await makeTestAuthority();
  const port = await findFreePort();
  const address = `tls://127.0.0.1:${port}`;
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const tls = [
    '--tls-ca-file',
    file('ca.pem', keys.authority),
    '--tls-cert',
    file('one.pem', keys.certificate),
    '--tls-key',
    file('one.key', keys.key),
  ];
  const opened: AsyncDisposable[] = [];
  let scheduler: ChildProcess | undefined;
  let client: Child | undefined;
  let orders = 0;
  const answers = new Map<number, PromiseWithResolvers<unknown>>();

  const order = (type: string, task: object = {}) => {
    client ??= startProgram({
      command: environment.python,
      args: [driver],
      environment: { PATH: process.env['PATH'] ?? '' },
      configuration: { ...keys, address },
      onMessage({ id, value, error }) {
        const answer = answers.get(Number(id));
        if (error === undefined) answer?.resolve(value);
        else answer?.reject(new Error(String(error)));
      },
      onErrorLine() {},
    });
    const answer = Promise.withResolvers<unknown>();
    answers.set(++orders, answer);
    client.send({ id: orders, type, ...task });
    return answer.promise;
  };
  const killScheduler = async () => {
    if (scheduler === undefined || scheduler.exitCode !== null || scheduler.signalCode !== null) return;
    const gone = once(scheduler, 'exit');
    scheduler.kill('SIGKILL');
    await gone;
  };

  return {
    address,
    folder,
    async startScheduler() {
      const place = [
        '--protocol',
        'tls',
        '--host',
        '127.0.0.1',
        '--port',
        String(port),
        '--no-dashboard',
        '--dashboard-address',
        '127.0.0.1:0',
      ];
      scheduler = spawn(environment.python, ['-m', 'distributed.cli.dask_scheduler', ...place, ...tls], { stdio: 'ignore', cwd: folder });
      while (!(await probePlace({ host: '127.0.0.1', port, timeoutMs: 1000 }, systemClock)).isReachable)
        await new Promise((resolve) => setTimeout(resolve, 50));
    },
    killScheduler,
    spec: (wish) => ({
      fence: 1,
      name: 'worker',
      scheduler: address,
      ...keys,
      lock: environment.lock,
      python: environment.versions.python.split('.').slice(0, 2).join('.'),
      host: '127.0.0.1',
      port: 0,
      threads: 1,
      memoryLimitBytes: 600_000_000,
      resources: {},
      dataFolders: [],
      profile: 'default',
      ...wish,
    }),
    async openNode({ isLocal = true, weights = noWeights } = {}) {
      const dataFolder = mkdtempSync(join(folder, 'node-'));
      const openEnvironment = () => toMadeEnvironment(environment);
      const compute = await openCompute({
        folder: { root: dataFolder },
        weights,
        openEnvironment,
        isLocal,
        clock: systemClock,
        log: silentLogger,
      });
      opened.push(compute);
      return { ...compute, dataFolder };
    },
    run: (task) => order('run', task),
    hold: async (task) => void (await order('hold', task)),
    heldValue: () => order('held_value'),
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((one) => one[Symbol.asyncDispose]()));
      await client?.stop(0);
      await killScheduler();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const noWeights: Pick<Weights, 'ensure' | 'hold'> = {
  ensure: () => Promise.reject(new Error('This node has no weights.')),
  hold: () => ({ [Symbol.dispose]() {} }),
};

/** Resolves when the node says so; the test's own time limit is the only one. */
export function untilReport(compute: Compute, isTrue: (report: NonNullable<ReturnType<Compute['report']>>) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      const report = compute.report();
      if (report === undefined || !isTrue(report)) return;
      stop();
      resolve();
    };
    const stop = compute.onChange(look);
    look();
  });
}

export const isServing = ({ condition }: { readonly condition: { readonly reason: string } }): boolean => condition.reason === 'serving';

/** A process that ended may wait for somebody to ask how: it is gone as well. */
function isGone(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
}

export async function untilGone(pid: number): Promise<void> {
  while (!isGone(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
}
