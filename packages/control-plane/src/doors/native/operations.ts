import {
  importPreviewShape,
  importRequestShape,
  type Operation,
  operationListShape,
  operationShape,
  pushRequestShape,
} from '@cluster-ai/contracts';
import { z } from 'zod';
import { describeAct } from '../../access/audit/act.ts';
import { toActor } from '../../access/audit/record-acts.ts';
import { type Caller, callerOf } from '../../access/caller.ts';
import { maySeeOperation } from '../../access/what-is-shown.ts';
import type { Imports } from '../../registry/imports/imports.ts';
import { operationNotFound } from '../../registry/imports/operations/operations.ts';
import { type NativeRoute, route } from './route.ts';

const byId = z.object({ id: z.string().min(1).max(80) });

export interface OperationDependencies {
  readonly imports: Imports;
}

/** One on a model that the caller may not use is one that is not there. */
async function getShown(imports: Imports, id: string, caller: Caller): Promise<Operation> {
  const operation = await imports.get(id);
  if (!maySeeOperation(caller, operation)) throw operationNotFound(id);
  return operation;
}

export function operationRoutes({ imports }: OperationDependencies): readonly NativeRoute[] {
  return [
    route({
      method: 'POST',
      path: '/registry/imports',
      permission: 'models:write',
      tag: 'registry',
      summary: 'Bring a model from elsewhere; answers at once with the operation, which goes on by itself',
      body: importRequestShape,
      answer: operationShape,
      status: 202,
      handle: async ({ body, request }) => {
        describeAct({ target: body.reference });
        return (await imports.import(body, toActor(callerOf(request)))).operation;
      },
    }),
    route({
      method: 'POST',
      path: '/registry/imports/preview',
      permission: 'models:write',
      tag: 'registry',
      summary: 'What an import would bring: files, sizes, and which of them fits which node',
      body: importRequestShape,
      answer: importPreviewShape,
      handle: async ({ body, signal }) => imports.preview(body, signal),
    }),
    route({
      method: 'POST',
      path: '/registry/pushes',
      permission: 'models:write',
      tag: 'registry',
      summary: 'Send a model to another registry that speaks Ollama’s protocol',
      body: pushRequestShape,
      answer: operationShape,
      status: 202,
      handle: async ({ body, request }) => {
        describeAct({ target: body.model, details: { reference: body.reference } });
        return (await imports.push(body, toActor(callerOf(request)))).operation;
      },
    }),
    route({
      method: 'GET',
      path: '/operations',
      permission: 'models:read',
      tag: 'registry',
      summary: 'Long work: what runs, and what ended lately, newest first',
      answer: operationListShape,
      handle: async ({ request }) => {
        const operations = await imports.list();
        return { operations: operations.filter((operation) => maySeeOperation(callerOf(request), operation)) };
      },
    }),
    route({
      method: 'GET',
      path: '/operations/{id}',
      permission: 'models:read',
      tag: 'registry',
      summary: 'One of them',
      params: byId,
      answer: operationShape,
      handle: async ({ params, request }) => getShown(imports, params.id, callerOf(request)),
    }),
    route({
      method: 'POST',
      path: '/operations/{id}/cancel',
      permission: 'models:write',
      tag: 'registry',
      summary: 'End one that runs',
      params: byId,
      answer: operationShape,
      handle: async ({ params, request }) => {
        await getShown(imports, params.id, callerOf(request));
        return imports.cancel(params.id);
      },
    }),
  ];
}
