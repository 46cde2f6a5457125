import { text } from '../../output/language.ts';
import { defineRemoval, removedById } from '../define-removal.ts';
import { taskId } from './task-texts.ts';

export const tasksRm = defineRemoval({
  path: 'tasks rm',
  summary: text('Forget a task that has ended, with its result', 'Esquece uma tarefa terminada, com o resultado'),
  examples: ['cluster-ai tasks rm task_01k8… --yes'],
  positional: taskId,
  question: text('Forget the task "{name}" with its result and log?', 'Esquecer a tarefa “{name}” com o resultado e o registro?'),
  removed: text('Forgot "{name}" ({id}).', '“{name}” ({id}) foi esquecida.'),
  output: removedById,
  async find(client, id, { signal }) {
    const task = await client.getTask(id, { signal });
    return { id, name: task.name || id };
  },
  remove: (client, { id }, { signal }) => client.removeTask(id, { signal }),
});
