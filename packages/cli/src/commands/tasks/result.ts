import { z } from 'zod';
import { text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { taskId } from './task-texts.ts';

export const tasksResult = defineVerb({
  path: 'tasks result',
  summary: text('Write out what a task gave, as JSON', 'Escreve o que uma tarefa devolveu, em JSON'),
  examples: ['cluster-ai tasks result task_01k8…', 'cluster-ai tasks result task_01k8… > rows.json'],
  positionals: [taskId],
  output: z.unknown().describe('Whatever the task gave.'),
  async run(context, [id = '']) {
    const decoder = new TextDecoder();
    // as it comes: a result may be larger than this program’s memory
    for await (const piece of context.connect().downloadTaskResult(id, { signal: context.signal }))
      context.terminal.piece(decoder.decode(piece, { stream: true }));
    context.terminal.data('');
    return undefined;
  },
  print: () => {},
});
