import { type Task, taskShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { formatBytes, formatPercent } from '../../output/format.ts';
import { text } from '../../output/language.ts';
import { toOneLine } from '../../output/one-line.ts';
import { sayOr } from '../../output/say-phrases.ts';
import { type Context, defineVerb, flag } from '../../verb.ts';
import { showState, taskId } from './task-texts.ts';

const texts = {
  state: text('State', 'Estado'),
  reason: text('Reason', 'Motivo'),
  doing: text('Now', 'Agora'),
  type: text('Type', 'Tipo'),
  tries: text('Tries', 'Tentativas'),
  worker: text('Worker', 'Worker'),
  needs: text('Needs', 'Precisa'),
  after: text('After', 'Depois de'),
  began: text('Handed in', 'Entregue'),
  started: text('Started', 'Começou'),
  ended: text('Ended', 'Terminou'),
  result: text('Result', 'Resultado'),
};

function explainReason({ terminal }: Context, { reason }: Task): string {
  if (reason === null) return '';
  const message = sayOr(terminal, reason.said?.message, reason.message);
  const hint = reason.hint === undefined ? '' : sayOr(terminal, reason.said?.hint, reason.hint);
  return toOneLine(`${message} ${hint}`.trim());
}

export function printTask(context: Context, task: Task): void {
  const { terminal } = context;
  const width = Math.max(...Object.values(texts).map((label) => terminal.say(label).length));
  const line = (label: keyof typeof texts, value: string | null) => {
    if (value !== null && value !== '') terminal.data(`${terminal.say(texts[label]).padEnd(width)} ${value}`);
  };
  terminal.data(`${terminal.style('bold', toOneLine(task.name) || task.id)}${task.name === '' ? '' : `  ${task.id}`}`);
  line('state', `${showState(context, task.state)}  ${formatPercent(task.progress)}`);
  line('reason', explainReason(context, task));
  line('doing', toOneLine(task.message));
  line('type', task.type);
  line('tries', `${task.attempt} / ${task.retries + 1}`);
  line('worker', task.worker);
  line('needs', Object.entries(task.resources).map(([name, value]) => `${name}=${value}`).join(' '));
  line('after', task.dependsOn.join(' '));
  for (const [label, at] of [['began', task.createdAt], ['started', task.startedAt], ['ended', task.endedAt]] as const)
    line(label, at === null ? null : new Date(at).toLocaleString(terminal.language));
  if (task.result !== null) line('result', `${formatBytes(task.result.sizeBytes)}  cluster-ai tasks result ${task.id}`);
} // biome-ignore format: one field a line

export const tasksShow = defineVerb({
  path: 'tasks show',
  summary: text('Show one task', 'Mostra uma tarefa'),
  examples: ['cluster-ai tasks show task_01k8…', "cluster-ai tasks show task_01k8… --wait --json | jq -r '.state'"],
  positionals: [taskId],
  flags: { wait: flag('--wait', z.boolean().default(false), text('Wait until it has ended', 'Espera até terminar')) },
  output: taskShape,
  run(context, [id = ''], { wait }) {
    const client = context.connect();
    return wait ? client.waitForTask(id, { signal: context.signal }) : client.getTask(id, { signal: context.signal });
  },
  print: printTask,
});
