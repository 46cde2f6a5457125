import { hasEnded } from '@cluster-ai/client';
import { taskLogShape } from '@cluster-ai/contracts';
import { systemClock } from '@cluster-ai/runtime';
import { z } from 'zod';
import { text } from '../../output/language.ts';
import { toOneLine } from '../../output/one-line.ts';
import { type Context, defineVerb, flag } from '../../verb.ts';
import { taskId } from './task-texts.ts';

const LOOK_EVERY_MS = 500;
const lineShape = taskLogShape.shape.lines.element;
type Line = z.infer<typeof lineShape>;

const cut = text('Earlier lines are not kept.', 'As linhas anteriores não são guardadas.');
const isSame = (one: Line, other: Line | undefined) => one.at === other?.at && one.text === other.text && one.attempt === other.attempt;

function show({ terminal, isJson }: Context, line: Line): void {
  terminal.data(
    isJson ? JSON.stringify(line) : `${terminal.style('dim', new Date(line.at).toLocaleTimeString('en-GB'))} ${toOneLine(line.text)}`,
  );
}

export const tasksLogs = defineVerb({
  path: 'tasks logs',
  summary: text('Show what a task printed', 'Mostra o que uma tarefa imprimiu'),
  examples: ['cluster-ai tasks logs task_01k8…', 'cluster-ai tasks logs task_01k8… --follow'],
  positionals: [taskId],
  flags: { follow: flag('-f, --follow', z.boolean().default(false), text('Go on until it has ended', 'Continua até ela terminar')) },
  output: lineShape,
  outputStyle: 'lines',
  async run(context, [id = ''], { follow }) {
    const { signal, terminal, isJson } = context;
    const client = context.connect();
    let last: Line | undefined;
    for (let isFirst = true; ; isFirst = false) {
      const hasMore = follow && !hasEnded(await client.getTaskStatus(id, { signal })); // before the lines: none is missed at the end
      const { lines, isCut } = await client.getTaskLog(id, { signal });
      if (isFirst && isCut && !isJson) terminal.progress(terminal.say(cut));
      for (const line of lines.slice(lines.findLastIndex((line) => isSame(line, last)) + 1)) show(context, line);
      last = lines.at(-1) ?? last;
      if (!hasMore) return undefined;
      await systemClock.sleep(LOOK_EVERY_MS, signal);
      signal.throwIfAborted();
    }
  },
  print: () => {},
});
