import { openTestTasks, somebody, work } from './open-test-tasks.ts';

// A control plane that takes tasks until somebody kills it. Told and telling by messages; what it says to have accepted must never be lost.

const [folder = '', python = '', pythonPath = '', scheduler = ''] = process.argv.slice(2);
const ana = somebody('ana');
const opened = await openTestTasks({ folder, python, pythonPath: pythonPath.split(':'), scheduler, window: 50 });

export type ChurnOrder =
  | { readonly type: 'submit'; readonly prefix: string; readonly count: number }
  | { readonly type: 'look' }
  | { readonly type: 'kill-bridge' };
export type ChurnNews =
  | { readonly type: 'ready' }
  | { readonly type: 'accepted'; readonly ids: readonly string[] }
  | { readonly type: 'looked'; readonly states: Readonly<Record<string, number>> };

const tell = (news: ChurnNews) => process.send?.(news);

async function obey(order: ChurnOrder): Promise<void> {
  if (order.type === 'submit') {
    const tasks = Array.from({ length: order.count }, (_, index) =>
      work(['sleep', 0.01 * (index % 8)], { id: `${order.prefix}-${index}`, retries: 20 }),
    );
    return void tell({ type: 'accepted', ids: await opened.tasks.submit(ana, tasks) });
  }
  if (order.type === 'look') return void tell({ type: 'looked', states: opened.tasks.counts() });
  const pid = opened.bridgePid();
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
}

process.on('message', (order: ChurnOrder) => void obey(order));
process.on('disconnect', () => process.exit());
tell({ type: 'ready' });
