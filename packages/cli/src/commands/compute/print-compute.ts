import type { ComputeStatus, Pool, Worker } from '@cluster-ai/contracts';
import { formatBytes, printTable } from '../../output/format.ts';
import { text } from '../../output/language.ts';
import { explainCondition, showCondition } from '../../output/show-condition.ts';
import type { Context } from '../../verb.ts';
import { taskStateTexts } from '../tasks/task-texts.ts';

const texts = {
  compute: text('Compute', 'Computação'),
  environment: text('Python', 'Python'),
  scheduler: text('Scheduler', 'Scheduler'),
  bridge: text('Bridge', 'Ponte'),
  address: text('Address', 'Endereço'),
  dashboard: text('Dashboard', 'Painel'),
  profile: text('Profile', 'Perfil'),
  tasks: text('Tasks', 'Tarefas'),
};
const workerHeadings = [
  text('WORKER', 'WORKER'),
  text('NODE', 'NÓ'),
  text('POOL', 'GRUPO'),
  text('STATE', 'ESTADO'),
  text('THREADS', 'THREADS'),
  text('MEMORY', 'MEMÓRIA'),
  text('RUNS', 'RODA'),
];
const poolHeadings = [
  text('POOL', 'GRUPO'),
  text('MIN', 'MÍN'),
  text('MAX', 'MÁX'),
  text('WANTED', 'QUER'),
  text('RUNNING', 'RODAM'),
  text('WHY', 'POR QUÊ'),
];
const proxy = text('proxy', 'proxy');

const toWorkerRow = ({ terminal }: Context, worker: Worker): string[] => [
  worker.name,
  worker.isProxy ? `${worker.node} (${terminal.say(proxy)})` : worker.node,
  worker.pool,
  showCondition(terminal, worker.condition),
  String(worker.threads),
  `${formatBytes(worker.memoryBytes)} / ${formatBytes(worker.memoryLimitBytes)}`,
  String(worker.running),
];

const toPoolRow = ({ name, min, max, wanted, running, reason }: Pool): string[] => [
  name,
  ...[min, max, wanted, running].map(String),
  reason,
];

/** All of it for people: what each part is, and why where it is not ready. */
export function printCompute(context: Context, status: ComputeStatus): void {
  const { terminal } = context;
  const width = Math.max(...Object.values(texts).map((label) => terminal.say(label).length));
  const line = (label: keyof typeof texts, value: string) => {
    if (value !== '') terminal.data(`${terminal.say(texts[label]).padEnd(width)} ${value}`);
  };
  for (const label of ['environment', 'scheduler', 'bridge'] as const) {
    const versions = label === 'environment' && status.versions !== null ? `  ${status.versions.python}, dask ${status.versions.dask}` : '';
    line(label, `${showCondition(terminal, status[label])}${versions}`);
  }
  line('compute', `${showCondition(terminal, status.condition)}  ${explainCondition(terminal, status.condition)}`);
  line('address', status.address);
  line('dashboard', status.dashboard === '' ? '' : `${context.address()}${status.dashboard}`);
  line('profile', status.profile);
  const counts = Object.entries(status.tasks).map(
    ([state, count]) => `${count} ${terminal.say(taskStateTexts[state as keyof typeof taskStateTexts])}`,
  );
  line('tasks', counts.join(', '));
  if (status.workers.length > 0) {
    terminal.data('');
    printTable(
      terminal,
      workerHeadings.map(terminal.say),
      status.workers.map((worker) => toWorkerRow(context, worker)),
    );
  }
  if (status.pools.length > 0) {
    terminal.data('');
    printTable(terminal, poolHeadings.map(terminal.say), status.pools.map(toPoolRow));
  }
}
