import type { Task, TaskState } from '@cluster-ai/contracts';
import { formatAge, formatPercent, printTable } from '../../output/format.ts';
import { type Text, text } from '../../output/language.ts';
import { toOneLine } from '../../output/one-line.ts';
import type { Context, Positional } from '../../verb.ts';

export const taskStateTexts: Readonly<Record<TaskState, Text>> = {
  queued: text('waits', 'espera'),
  submitted: text('handed over', 'entregue'),
  running: text('runs', 'em andamento'),
  cancelling: text('is being stopped', 'sendo parada'),
  done: text('done', 'pronta'),
  failed: text('failed', 'falhou'),
  cancelled: text('cancelled', 'cancelada'),
};
const styles: Readonly<Record<TaskState, 'green' | 'yellow' | 'red' | 'dim'>> = {
  queued: 'dim',
  submitted: 'dim',
  running: 'yellow',
  cancelling: 'yellow',
  done: 'green',
  failed: 'red',
  cancelled: 'dim',
};
const headings = [
  text('ID', 'ID'),
  text('NAME', 'NOME'),
  text('TYPE', 'TIPO'),
  text('STATE', 'ESTADO'),
  text('PROGRESS', 'PROGRESSO'),
  text('TRIES', 'TENTATIVAS'),
  text('BEGAN', 'INÍCIO'),
  text('REASON', 'MOTIVO'),
];

/** Names, messages and reasons come from whoever handed the task in: they are shown as one line that moves no cursor. */
export const showState = ({ terminal }: Context, state: TaskState): string =>
  terminal.style(styles[state], terminal.say(taskStateTexts[state]));

export function printTasks(context: Context, tasks: readonly Task[]): void {
  const rows = tasks.map((task) => [
    task.id,
    toOneLine(task.name) || '-',
    task.type,
    showState(context, task.state),
    formatPercent(task.progress),
    String(task.attempt),
    formatAge(Date.parse(task.createdAt), Date.now()),
    toOneLine(task.reason?.message ?? ''),
  ]);
  printTable(context.terminal, headings.map(context.terminal.say), rows);
}

const completeTask = async (context: Context): Promise<readonly string[]> =>
  (await context.connect().listTasks({ limit: 50 }, { signal: context.signal })).tasks.map(({ id }) => id);

export const taskId: Positional = {
  name: '<id>',
  description: text('As tasks ls shows it', 'Como tasks ls mostra'),
  complete: completeTask,
};
export const taskIds: Positional = { ...taskId, name: '<id...>' };
