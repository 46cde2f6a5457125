import { taskListShape, taskStateShape, taskTypeShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { fill, text } from '../../output/language.ts';
import { defineVerb, flag } from '../../verb.ts';
import { printTasks } from './task-texts.ts';

const more = text('There are more: --cursor {cursor}', 'Há mais: --cursor {cursor}');

export const tasksLs = defineVerb({
  path: 'tasks ls',
  summary: text('List tasks, newest first', 'Lista tarefas, as mais novas primeiro'),
  examples: ['cluster-ai tasks ls', 'cluster-ai tasks ls --state failed --limit 20', "cluster-ai tasks ls --json | jq -r '.tasks[].id'"],
  flags: {
    state: flag('--state <state>', taskStateShape.optional(), text('Only those in this state', 'Só as que estão neste estado')),
    type: flag('--type <type>', taskTypeShape.optional(), text('Only those of this type', 'Só as deste tipo')),
    name: flag('--name <name>', z.string().optional(), text('Only those of this name', 'Só as deste nome')),
    limit: flag(
      '-n, --limit <number>',
      z.coerce.number().pipe(z.int().min(1).max(1000)).default(100),
      text('At most so many', 'No máximo tantas'),
    ),
    cursor: flag('--cursor <cursor>', z.string().optional(), text('Go on after an earlier list', 'Continua depois de uma lista anterior')),
  },
  output: taskListShape,
  run: (context, _positionals, query) => context.connect().listTasks(query, { signal: context.signal }),
  print(context, { tasks, next }) {
    printTasks(context, tasks);
    if (next !== null) context.terminal.progress(fill(context.terminal.say(more), { cursor: next }));
  },
});
