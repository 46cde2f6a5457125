import {
  ClusterError,
  type ImportRequest,
  importPreviewShape,
  importRequestShape,
  type Operation,
  operationListShape,
  operationShape,
  parseModelReference,
  phrase,
  pushRequestShape,
} from '@cluster-ai/contracts';
import { z } from 'zod';
import { describeAct } from '../../access/audit/act.ts';
import { toActor } from '../../access/audit/record-acts.ts';
import { type Caller, callerOf } from '../../access/caller.ts';
import { checkModelGrant } from '../../access/model-grants.ts';
import { maySeeOperation } from '../../access/what-is-shown.ts';
import type { Imports } from '../../registry/imports/imports.ts';
import { operationNotFound } from '../../registry/imports/operations/operations.ts';
import type { Registry } from '../../registry/registry.ts';
import { type NativeRoute, route } from './route.ts';

const byId = z.object({ id: z.string().min(1).max(80) });

export interface OperationDependencies {
  readonly imports: Imports;
  readonly registry: Registry;
}

/** One on a model that the caller may not use is one that is not there. */
async function getShown(imports: Imports, id: string, caller: Caller): Promise<Operation> {
  const operation = await imports.get(id);
  if (!maySeeOperation(caller, operation)) throw operationNotFound(id);
  return operation;
}

/** Who may use some models only says what the new one is called: the source's own suggestion comes too late to be checked. */
function checkImportGrant(caller: Caller, { name }: ImportRequest): void {
  if (caller.models === undefined && caller.ownerModels === undefined) return;
  if (name === undefined || name === '') throw new ClusterError('invalid_request', phrase('import_needs_a_name'), { param: 'name' });
  checkModelGrant(caller, parseModelReference(name).name);
}

export function operationRoutes({ imports, registry }: OperationDependencies): readonly NativeRoute[] {
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
        checkImportGrant(callerOf(request), body);
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
        const caller = callerOf(request);
        checkModelGrant(caller, (await registry.resolve(body.model, caller)).name);
        describeAct({ target: body.model, details: { reference: body.reference } });
        return (await imports.push(body, toActor(caller))).operation;
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
