import {
  taskAcceptedShape,
  taskFunctionShape,
  taskIdShape,
  taskListShape,
  taskLogShape,
  taskQueryShape,
  type taskRequestShape,
  taskShape,
  taskSubmissionShape,
} from '@cluster-ai/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { callerOf } from '../../access/caller.ts';
import type { Tasks } from '../../compute/tasks/tasks.ts';
import { serveBlob } from '../../registry/blob-urls/serve-blob.ts';
import { type NativeRoute, route } from './route.ts';

export interface TaskRouteDependencies {
  /** Throws `compute_disabled` while compute is off. */
  readonly findTasks: () => Tasks;
  /** How many are under way; none while it is off. */
  readonly activeTasks: () => number;
}

const tag = 'tasks';
const byId = z.object({ id: taskIdShape });
/** Ten thousand tasks of a few kilobytes each. */
const MOST_BYTES = 64 * 1024 ** 2;
const LARGEST_BUNDLE = 4 * 1024 ** 2;

const bundleRequestShape = z
  .object({ source: z.string().min(1).describe('The text of a JavaScript module.') })
  .meta({ id: 'TaskBundleRequest' });
const bundleShape = z.object({ digest: z.string(), sizeBytes: z.int() }).meta({ id: 'TaskBundle' });
const functionListShape = z
  .object({
    functions: z.array(taskFunctionShape),
    problems: z.array(z.unknown()).optional().describe('Files that cannot be used, and why.'),
  })
  .meta({ id: 'TaskFunctions' });

async function sendResult(tasks: Tasks, id: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const output = await tasks.readResult(callerOf(request), id);
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  if (output.kind === 'blob') return serveBlob(request, reply, output.blob, { headers });
  return reply.headers({ ...headers, 'cache-control': 'private' }).send(output.json);
}

/** One of a submission, or many. */
const isOne = (submission: z.output<typeof taskSubmissionShape>): submission is z.output<typeof taskRequestShape> =>
  !('tasks' in submission);

export function taskRoutes({ findTasks }: Pick<TaskRouteDependencies, 'findTasks'>): readonly NativeRoute[] {
  return [
    route({
      method: 'POST',
      path: '/tasks',
      permission: 'tasks:write',
      tag,
      maxBodyBytes: MOST_BYTES,
      summary: 'Hand in one task, which answers with it, or up to 10 000, all or none, which answers with their ids',
      body: taskSubmissionShape,
      answer: z.union([taskShape, taskAcceptedShape]),
      status: 202,
      handle: async ({ body, request }) => {
        const caller = callerOf(request);
        const tasks = findTasks();
        const ids = await tasks.submit(caller, isOne(body) ? [body] : body.tasks);
        return isOne(body) ? tasks.get(caller, ids[0] ?? '') : { ids };
      },
    }),
    route({
      method: 'GET',
      path: '/tasks',
      permission: 'tasks:read',
      tag,
      summary: 'The caller’s tasks, newest first; everybody’s for who manages compute',
      query: taskQueryShape,
      answer: taskListShape,
      handle: async ({ query, request }) => findTasks().list(callerOf(request), query),
    }),
    route({
      method: 'GET',
      path: '/tasks/functions',
      permission: 'tasks:read',
      tag,
      summary: 'Functions that tasks of the type python call by name',
      answer: functionListShape,
      handle: async () => findTasks().functions(),
    }),
    route({
      method: 'POST',
      path: '/tasks/bundles',
      permission: 'tasks:write',
      tag,
      maxBodyBytes: LARGEST_BUNDLE,
      summary: 'A module of JavaScript for tasks, which name it by its digest',
      body: bundleRequestShape,
      answer: bundleShape,
      status: 201,
      handle: async ({ body, request }) => findTasks().addBundle(callerOf(request), body.source),
    }),
    route({
      method: 'GET',
      path: '/tasks/{id}',
      permission: 'tasks:read',
      tag,
      summary: 'One task',
      params: byId,
      answer: taskShape,
      handle: async ({ params, request }) => findTasks().get(callerOf(request), params.id),
    }),
    route({
      method: 'GET',
      path: '/tasks/{id}/logs',
      permission: 'tasks:read',
      tag,
      summary: 'What a task printed, its last lines',
      params: byId,
      answer: taskLogShape,
      handle: async ({ params, request }) => findTasks().readLog(callerOf(request), params.id),
    }),
    route({
      method: 'GET',
      path: '/tasks/{id}/result',
      permission: 'tasks:read',
      tag,
      summary: 'The result of a task that is done; of a large one also a range',
      params: byId,
      answer: z.unknown(),
      handle: async ({ params, request, reply }) => sendResult(findTasks(), params.id, request, reply),
    }),
    route({
      method: 'GET',
      path: '/tasks/{id}/report',
      permission: 'tasks:read',
      tag,
      summary: 'Dask’s performance report of a task that asked for one',
      params: byId,
      answer: z.string(),
      mediaTypes: ['application/octet-stream'],
      handle: async ({ params, request, reply }) =>
        // a page of somebody else's making: to be saved, not to be shown in our name
        serveBlob(request, reply, await findTasks().readReport(callerOf(request), params.id), { fileName: `${params.id}.html` }),
    }),
    route({
      method: 'POST',
      path: '/tasks/{id}/cancel',
      permission: 'tasks:write',
      tag,
      summary: 'End a task; it is `cancelling` until nothing of it runs any more',
      params: byId,
      answer: taskShape,
      handle: async ({ params, request }) => findTasks().cancel(callerOf(request), params.id),
    }),
    route({
      method: 'POST',
      path: '/tasks/{id}/retry',
      permission: 'tasks:write',
      tag,
      summary: 'Try a failed task again',
      params: byId,
      answer: taskShape,
      handle: async ({ params, request }) => findTasks().retry(callerOf(request), params.id),
    }),
    route({
      method: 'DELETE',
      path: '/tasks/{id}',
      permission: 'tasks:write',
      tag,
      summary: 'Remove a task that has ended, with its result',
      params: byId,
      answer: undefined,
      handle: async ({ params, request }) => findTasks().remove(callerOf(request), params.id),
    }),
  ];
}
