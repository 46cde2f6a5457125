import { ClusterError, poolNameShape, type Task, type TaskInput, taskAcceptedShape, taskShape, taskTypeShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { exitCodes } from '../../output/exit-codes.ts';
import { text } from '../../output/language.ts';
import { defineVerb, flag } from '../../verb.ts';
import { readPairs } from '../models/read-pairs.ts';
import { readArgument, readTasks } from './read-tasks.ts';
import { printTasks } from './task-texts.ts';

const number = (shape: z.ZodNumber | z.ZodInt) => z.coerce.number().pipe(shape).optional();
const flags = {
  type: flag('--type <type>', taskTypeShape.optional(), text('What kind of task, with --input', 'Que tipo de tarefa, com --input')),
  input: flag('--input <json>', z.string().optional(), text('What it is given, as JSON', 'O que ela recebe, em JSON')),
  function: flag(
    '--function <name>',
    z.string().optional(),
    text('Call a registered Python function', 'Chama uma função Python registrada'),
  ),
  arg: flag(
    '--arg <value...>',
    z.array(z.string()).default([]),
    text('Its arguments: JSON, or a word as it is', 'Seus argumentos: JSON, ou uma palavra como está'),
  ),
  kwarg: flag('--kwarg <key=value...>', z.array(z.string()).default([]), text('Its arguments by name', 'Seus argumentos por nome')),
  id: flag(
    '--id <id>',
    z.string().optional(),
    text('Its id: the same one again is the first task again', 'O id: o mesmo de novo é a mesma tarefa'),
  ),
  name: flag('--name <name>', z.string().optional(), text('A name for people', 'Um nome para as pessoas')),
  priority: flag('--priority <number>', number(z.int().min(-100).max(100)), text('Higher first', 'Maior primeiro')),
  retries: flag(
    '--retries <number>',
    number(z.int().min(0).max(20)),
    text('How often it is tried again; 3 when left out', 'Quantas vezes é tentada de novo; 3 se não disser'),
  ),
  limit: flag(
    '--limit <seconds>',
    number(z.number().positive()),
    text('For how long one try may take', 'Quanto tempo uma tentativa pode levar'),
  ),
  after: flag(
    '--after <id...>',
    z.array(z.string()).default([]),
    text('Wait until these tasks are done', 'Espera estas tarefas ficarem prontas'),
  ),
  pool: flag('--pool <name>', poolNameShape.optional(), text('Only on workers of this pool', 'Só em workers deste grupo')),
  node: flag('--node <node>', z.string().optional(), text('Only on this machine', 'Só nesta máquina')),
  gpu: flag('--gpu <number>', number(z.number().min(0).max(64)), text('How many GPUs it needs', 'De quantas GPUs precisa')),
  memory: flag(
    '--memory <size>',
    z.string().optional(),
    text('How much memory it needs, such as 2GB', 'De quanta memória precisa, como 2GB'),
  ),
  wait: flag(
    '--wait',
    z.boolean().default(false),
    text('Wait until all have ended; exit code 1 when one failed', 'Espera todas terminarem; código 1 se uma falhar'),
  ),
} as const;

type Given = { readonly [Name in keyof typeof flags]: z.infer<(typeof flags)[Name]['shape']> };

const withoutNothing = (fields: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

function toInput({ type, input, function: called, arg, kwarg }: Given): Pick<TaskInput, 'type' | 'input'> {
  if (called !== undefined)
    return { type: 'python', input: { function: called, args: arg.map(readArgument), kwargs: readPairs(kwarg, readArgument) } } as Pick<
      TaskInput,
      'type' | 'input'
    >;
  if (type === undefined || input === undefined)
    throw new ClusterError('invalid_request', 'There is nothing to hand in.', {
      hint: 'Name a file, or --function NAME, or --type TYPE with --input JSON.',
    });
  return { type, input: readArgument(input) } as Pick<TaskInput, 'type' | 'input'>;
}

function toTask(given: Given): TaskInput {
  const { id, name, priority, retries, limit, after, pool, node, gpu, memory } = given;
  return {
    ...toInput(given),
    ...withoutNothing({ id, name, priority, retries, timeoutSeconds: limit }),
    dependsOn: after,
    resources: withoutNothing({ pool, node, gpu, memory }),
  } as TaskInput;
}

export const tasksSubmit = defineVerb({
  path: 'tasks submit',
  summary: text('Hand in work for the workers', 'Entrega trabalho aos workers'),
  examples: [
    'cluster-ai tasks submit tasks.json --wait',
    'cluster-ai tasks submit --function monte_carlo --arg 1000000 --kwarg seed=7',
    `cluster-ai tasks submit --type ai_inference --input '{"model": "starter", "prompt": "Hello"}' --wait`,
  ],
  positionals: [
    {
      name: '[file]',
      description: text(
        'JSON: a task, several, or one on each line; - for standard input',
        'JSON: uma tarefa, várias, ou uma por linha; - para a entrada padrão',
      ),
    },
  ],
  flags,
  output: taskAcceptedShape.extend({ tasks: z.array(taskShape).optional().describe('With --wait: how they ended.') }),
  async run(context, [file], given) {
    const client = context.connect();
    const { signal } = context;
    const wanted = file === undefined ? [toTask(given)] : await readTasks(file);
    const ids =
      wanted.length === 1 && wanted[0] !== undefined
        ? [await client.submitTask(wanted[0], { signal })]
        : [...(await client.submitTasks(wanted, { signal }))];
    if (!given.wait) return { ids };
    const tasks: Task[] = [];
    for (const id of ids) tasks.push(await client.waitForTask(id, { signal }));
    return { ids, tasks };
  },
  print(context, { ids, tasks }) {
    if (tasks === undefined) for (const id of ids) context.terminal.data(id);
    else printTasks(context, tasks);
  },
  exitCode: ({ tasks = [] }) => (tasks.every(({ state }) => state === 'done') ? exitCodes.ok : exitCodes.error),
});
