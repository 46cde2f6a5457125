import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { findPythonOrSay } from '../../../../runtime/src/python-environment/testing/shared-python.ts';

const here = import.meta.dirname;
const pythonPath = [join(here, '../../../../../python'), here];

/** The Python of an environment with Dask; `undefined`, with a printed reason, where tests have none. */
export async function findDaskPython(): Promise<string | undefined> {
  return (await findPythonOrSay('tasks on Dask'))?.python;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Resolves once the program has said so. */
function start(python: string, args: readonly string[], isReady: RegExp, path: readonly string[]): Promise<ChildProcess> {
  const child = spawn(python, args, {
    env: { ...process.env, PYTHONPATH: path.join(':'), PYTHONDONTWRITEBYTECODE: '1', DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-20_000);
      if (isReady.test(said)) resolve(child);
    });
    child.once('exit', () => reject(new Error(`It ended before it was ready: ${said}`)));
  });
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await ended;
}

/** The process that a nanny keeps, beside which it has one that only counts what is shared. */
function workOf(nanny: number): readonly number[] {
  const children = readFileSync(`/proc/${nanny}/task/${nanny}/children`, 'utf8').split(' ').filter(Boolean).map(Number); // biome-ignore format: one chain
  return children.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('spawn_main'));
}

/** A real scheduler and workers on loopback, without certificates: what they do for tasks is the same. */
export async function startDask(
  python: string,
  { workers = 1, threads = 2, nanny = false, morePythonPath = [] as readonly string[] } = {},
) {
  const path = [...pythonPath, ...morePythonPath];
  const port = await freePort();
  const address = `tcp://127.0.0.1:${port}`;
  const startScheduler = () =>
    start(
      python,
      ['-m', 'distributed.cli.dask_scheduler', '--host', '127.0.0.1', '--port', String(port), '--no-dashboard'],
      /Scheduler at:|Registering|Clear task state/,
      path,
    );
  const startWorker = () =>
    start(
      python,
      [
        '-m',
        'distributed.cli.dask_worker',
        address,
        '--nthreads',
        String(threads),
        '--no-dashboard',
        nanny ? '--nanny' : '--no-nanny',
        '--resources',
        'GATEWAY=64',
      ],
      /Registered to/,
      path,
    );
  let scheduler: ChildProcess | undefined = await startScheduler();
  let running = await Promise.all(Array.from({ length: workers }, startWorker));
  return {
    address,
    pythonPath,
    /** Kills a process that does the work, which its nanny starts again. */
    killWorkOfNanny(): void {
      for (const { pid = 0 } of running) for (const child of workOf(pid)) process.kill(child, 'SIGKILL');
    },
    async killScheduler(): Promise<void> {
      await end(scheduler, 'SIGKILL');
      await Promise.all(running.map((worker) => end(worker, 'SIGKILL'))); // they end by themselves, some seconds later
      scheduler = await startScheduler();
      running = await Promise.all(Array.from({ length: workers }, startWorker));
    },
    async killWorkers(): Promise<void> {
      await Promise.all(running.map((worker) => end(worker, 'SIGKILL')));
      running = await Promise.all(Array.from({ length: workers }, startWorker));
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(running.map((worker) => end(worker, 'SIGKILL')));
      await end(scheduler, 'SIGKILL');
      scheduler = undefined;
    },
  };
}
export type TestDask = Awaited<ReturnType<typeof startDask>>;
