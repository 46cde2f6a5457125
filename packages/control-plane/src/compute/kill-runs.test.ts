import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@cluster-ai/runtime';
import { expect, onTestFinished, test } from 'vitest';
import type { ChurnNews, ChurnOrder } from './testing/churn-tasks.ts';
import { findDaskPython, startDask } from './testing/start-dask.ts';

const isLong = process.env['CLUSTER_AI_LONG_TESTS'] === '1';
const RUNS = isLong ? 200 : 4;
const LONG_MS = 3 * 60 * 60_000;
const TASKS = 12;
const victims = ['worker', 'bridge', 'scheduler', 'control plane', 'nanny'] as const;
const proofs = join(import.meta.dirname, '../../../../.cache/proofs');
const python = await findDaskPython();

/** A control plane in a process of its own. */
function createControlPlane(start: () => ChildProcess) {
  let child = start();
  const hear = async <Type extends ChurnNews['type']>(type: Type): Promise<Extract<ChurnNews, { type: Type }>> => {
    for (;;) {
      const [news] = (await once(child, 'message')) as [ChurnNews];
      if (news.type === type) return news as Extract<ChurnNews, { type: Type }>;
    }
  };
  const tell = (order: ChurnOrder) => void child.send(order);
  return {
    ready: () => hear('ready'),
    tell,
    async ask<Type extends ChurnNews['type']>(order: ChurnOrder, type: Type) {
      const answer = hear(type);
      tell(order);
      return answer;
    },
    async kill(): Promise<void> {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
    async restart(): Promise<void> {
      child = start();
      await hear('ready');
    },
  };
}

test.skipIf(python === undefined)(
  `killed ${RUNS} times, whichever part it is: no accepted task is lost`,
  {
    timeout: isLong ? LONG_MS : 240_000,
  },
  async () => {
    const root = await mkdtemp(join(tmpdir(), 'cluster-ai-kill-runs-'));
    const dask = await startDask(python ?? '', { nanny: true });
    const start = () =>
      fork(join(import.meta.dirname, 'testing/churn-tasks.ts'), [root, python ?? '', dask.pythonPath.join(':'), dask.address], {
        execArgv: ['--disable-warning=ExperimentalWarning'],
      });
    const plane = createControlPlane(start);
    onTestFinished(async () => {
      await plane.kill();
      await dask[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true });
    });
    await plane.ready();

    const kill = {
      worker: async () => dask.killWorkOfNanny(),
      nanny: () => dask.killWorkers(),
      bridge: async () => plane.tell({ type: 'kill-bridge' }),
      scheduler: () => dask.killScheduler(),
      'control plane': async () => {
        await plane.kill();
        await plane.restart();
      },
    } satisfies Record<(typeof victims)[number], () => Promise<void>>;
    const histogram: Record<string, number> = {};
    let accepted = 0;
    for (let run = 0; run < RUNS; run++) {
      const victim = victims[run % victims.length] ?? 'bridge';
      const { ids } = await plane.ask({ type: 'submit', prefix: `run-${run}`, count: TASKS }, 'accepted');
      accepted += ids.length;
      await systemClock.sleep((run * 37) % 200); // the moment differs from run to run
      await kill[victim]();
      histogram[victim] = (histogram[victim] ?? 0) + 1;
      for (let done = -1; done < accepted; await systemClock.sleep(50)) {
        const { states } = await plane.ask({ type: 'look' }, 'looked');
        done = states['done'] ?? 0;
        expect({ run, victim, failed: states['failed'] ?? 0, cancelled: states['cancelled'] ?? 0 }).toEqual({
          run,
          victim,
          failed: 0,
          cancelled: 0,
        });
      }
    }
    process.stdout.write(`Killed: ${JSON.stringify(histogram)}; ${accepted} accepted tasks, none lost\n`);
    if (!isLong) return;
    mkdirSync(proofs, { recursive: true });
    writeFileSync(join(proofs, 'compute-kills.json'), JSON.stringify({ runs: RUNS, accepted, histogram }));
  },
);
