import {
  addModelShape,
  type ClusterError,
  type Condition,
  foundListShape,
  loadModelShape,
  type Model,
  modelDetailsShape,
  modelListShape,
  modelShape,
  type ReasonCode,
  toCondition,
} from '@cluster-ai/contracts';
import { z } from 'zod';
import { describeAct, describeModel } from '../../access/audit/act.ts';
import { callerOf } from '../../access/caller.ts';
import { checkModelGrant, type ModelGrants, mayUseModel } from '../../access/model-grants.ts';
import type { ModelRecord } from '../../registry/registry.ts';
import type { NativeDependencies } from './native-door.ts';
import { type NativeRoute, route } from './route.ts';

const tag = 'models';
const byName = z.object({ name: z.string().min(1).max(255) });

function toProblemCondition({ code, message, hint = '', said }: ClusterError, since: string): Condition {
  const reason = code === 'digest_mismatch' || code === 'verdict_refused' ? code : 'invalid_model_file';
  return toCondition('failed', reason, Date.parse(since), { message, hint, said });
}

/** A model as the API shows it: what the registry keeps, and what runs of it. */
export function createModelView({ registry, gateway, nodes }: Pick<NativeDependencies, 'registry' | 'gateway' | 'nodes'>) {
  const replicasOf = (digest: string | undefined): Model['replicas'] =>
    nodes
      .list()
      .flatMap((node) =>
        node.replicas.filter((replica) => replica.digest === digest).map((replica) => ({ ...replica, node: node.name, nodeId: node.id })),
      );
  async function view(record: ModelRecord): Promise<Model> {
    const resolved = (await registry.find(record.name)) ?? (await registry.resolve(record.name)); // which says that it was removed meanwhile
    const { problem } = resolved; // a model whose file is gone is still shown, and says so
    const condition = problem ? toProblemCondition(problem, record.updatedAt) : gateway.conditionOf(resolved);
    return { ...record, condition, replicas: replicasOf(resolved.file.digest) };
  }
  return {
    ofRecord: view,
    /** By any reference to it. Throws as `resolve` does. */
    async of(name: string, grants?: ModelGrants): Promise<Model> {
      const record = (await registry.record(name)) ?? (await registry.record((await registry.resolve(name, grants)).name));
      if (!record) throw new Error(`The registry resolves ${name} and does not list it.`);
      return view(record);
    },
  };
}

export function modelRoutes(dependencies: NativeDependencies): readonly NativeRoute[] {
  const { registry, gateway, nodes, clock } = dependencies;
  const view = createModelView(dependencies);

  function toStatus(models: readonly Model[], count: number): Condition {
    const say = (state: Condition['state'], reason: ReasonCode, message?: string) =>
      toCondition(state, reason, clock.now(), message === undefined ? {} : { message });
    if (!nodes.list().some((node) => node.condition.state === 'ready')) return say('unreachable', 'no_ready_node');
    const running = models.filter((model) => model.condition.state === 'ready').length;
    return say('ready', 'serving', `${count} ${count === 1 ? 'model' : 'models'}, ${running} loaded.`);
  }

  return [
    route({
      method: 'GET',
      path: '/models',
      permission: 'models:read',
      tag,
      summary: 'Models by name, a thousand at most, with what runs of them; /registry/models has pages and search',
      answer: modelListShape,
      handle: async ({ request }) => {
        const models = await Promise.all((await registry.list()).map(view.ofRecord));
        return {
          models: models.filter(({ name }) => mayUseModel(callerOf(request), name)),
          status: toStatus(models, await registry.count()),
        };
      },
    }),
    route({
      method: 'POST',
      path: '/models',
      permission: 'models:write',
      tag,
      summary: 'Register a weights file of the control plane’s machine',
      body: addModelShape,
      answer: modelShape,
      status: 201,
      handle: async ({ body, signal, request }) => {
        checkModelGrant(callerOf(request), body.name);
        describeAct({ target: body.name });
        const { version } = await registry.add({ ...body, actor: callerOf(request) }, signal);
        describeModel(body.name, version);
        return view.of(body.name);
      },
    }),
    route({
      method: 'GET',
      path: '/models/found',
      permission: 'models:read',
      tag,
      summary: 'Weights of other programs that lie on the nodes',
      answer: foundListShape,
      handle: async () => {
        const files = await nodes.found();
        const digestIn = (path: string) => `sha256:${/sha256-([0-9a-f]{64})$/.exec(path)?.[1]}`;
        const names = await registry.namesOf({ paths: files.map(({ path }) => path), digests: files.map(({ path }) => digestIn(path)) });
        return {
          files: files.map((file) => ({ ...file, registeredAs: names.get(file.path) ?? names.get(digestIn(file.path)) ?? null })),
        };
      },
    }),
    route({
      method: 'GET',
      path: '/models/{name}',
      permission: 'models:read',
      tag,
      summary: 'One model with its versions, the newest first, a thousand at most',
      params: byName,
      answer: modelDetailsShape,
      handle: async ({ params, request }) => {
        const model = await view.of(params.name, callerOf(request));
        checkModelGrant(callerOf(request), model.name);
        return { ...model, versions: await registry.versions(model.name) };
      },
    }),
    route({
      method: 'DELETE',
      path: '/models/{name}',
      permission: 'models:write',
      tag,
      summary: 'Unload and remove a model with all its versions',
      params: byName,
      answer: undefined,
      handle: async ({ params, request }) => {
        checkModelGrant(callerOf(request), params.name);
        const found = await registry.find(params.name);
        describeModel(params.name, found?.version.version);
        if (found) await gateway.unload(params.name);
        await registry.remove(params.name, callerOf(request));
      },
    }),
    route({
      method: 'POST',
      path: '/models/{name}/load',
      permission: 'inference:use',
      tag,
      summary: 'Load a model; answers when a replica is ready',
      params: byName,
      body: loadModelShape,
      answer: modelShape,
      handle: async ({ params, body, signal, request }) => {
        const caller = callerOf(request);
        checkModelGrant(caller, (await registry.resolve(params.name, caller)).name);
        await gateway.load(params.name, {
          engineOptions: body.options,
          caller,
          signal,
          ...(body.keepAliveSeconds === undefined ? {} : { keepAliveSeconds: body.keepAliveSeconds }),
        });
        return view.of(params.name);
      },
    }),
    route({
      method: 'POST',
      path: '/models/{name}/unload',
      permission: 'models:write',
      tag,
      summary: 'Stop all replicas of a model',
      params: byName,
      answer: modelShape,
      handle: async ({ params, request }) => {
        const caller = callerOf(request);
        checkModelGrant(caller, (await registry.resolve(params.name, caller)).name);
        await gateway.unload(params.name);
        describeModel(params.name, (await registry.find(params.name))?.version.version);
        return view.of(params.name);
      },
    }),
  ];
}
