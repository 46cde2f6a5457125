import type { ClusterClient } from '@cluster-ai/client';
import { type Task, taskShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { type Text, text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { printTasks, taskIds } from './task-texts.ts';

interface Change {
  readonly path: string;
  readonly summary: Text;
  readonly examples: readonly string[];
  act(client: ClusterClient, id: string, signal: AbortSignal): Promise<void>;
}

/** A verb that does the same to one task or several, and shows how they are then. */
const defineChange = ({ act, ...rest }: Change) =>
  defineVerb({
    ...rest,
    positionals: [taskIds],
    output: z.object({ tasks: z.array(taskShape) }),
    async run(context, ids) {
      const { signal } = context;
      const client = context.connect();
      const tasks: Task[] = [];
      for (const id of ids) {
        await act(client, id, signal);
        tasks.push(await client.getTask(id, { signal }));
      }
      return { tasks };
    },
    print: (context, { tasks }) => printTasks(context, tasks),
  });

export const tasksCancel = defineChange({
  path: 'tasks cancel',
  summary: text('Stop tasks, also while they run', 'Para tarefas, mesmo em andamento'),
  examples: ['cluster-ai tasks cancel task_01k8…'],
  act: (client, id, signal) => client.cancelTask(id, { signal }),
});

export const tasksRetry = defineChange({
  path: 'tasks retry',
  summary: text('Run tasks again that failed or were cancelled', 'Roda de novo tarefas que falharam ou foram canceladas'),
  examples: ['cluster-ai tasks retry task_01k8…'],
  act: (client, id, signal) => client.retryTask(id, { signal }),
});
