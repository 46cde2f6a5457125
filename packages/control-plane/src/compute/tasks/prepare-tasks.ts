import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { phrase, toClusterError } from '@cluster-ai/contracts';
import type { BridgeTask } from '../bridge/messages.ts';
import { toDaskResources } from './capacity.ts';
import { tableBlobsOf } from './check-blobs.ts';
import { replaceReferences } from './references.ts';
import { type TaskReason, type TaskRecord, toReason } from './task-record.ts';
import type { Submitter } from './task-rows.ts';
import type { TaskResultRow, TaskStore } from './task-store.ts';

/** A right for one attempt: to ask this cluster in the owner's name. */
export interface TaskGrant {
  readonly url: string;
  readonly token: string;
}

export interface TaskFile {
  readonly digest: string;
  readonly sizeBytes: number;
  /** Good by itself for a while, or by the grant. */
  readonly url: string;
  /** What a file of a model is called in its version. */
  readonly path?: string;
}

/** A version of a model, as the reference of a task finds it. */
export interface TaskModel {
  readonly framework: string;
  /** What the look into its files found; null where nobody looked. */
  readonly verdict: string | null;
  readonly files: readonly { readonly path: string; readonly digest: string }[];
}

export interface PrepareDependencies {
  readonly store: Pick<TaskStore, 'readInputs' | 'readResults'>;
  readonly grant: (task: TaskRecord, submitter: Submitter) => TaskGrant | null;
  /** A file for a task, which nodes may fetch until the task has ended. */
  readonly findFile: (digest: string, taskId: string) => Promise<TaskFile | undefined>;
  /** Throws what is wrong with the reference, or why the version may not be loaded. */
  readonly findModel: (reference: string) => Promise<TaskModel>;
  /** Python files whose functions may be called by name. */
  readonly functions: () => Promise<readonly unknown[]>;
  readonly findNode: (nameOrId: string) => string | undefined;
  readonly spoolFolder: string;
  readonly inlineBytes: number;
  readonly maxBytes: number;
  readonly dataFolders: readonly string[];
}

type Refused = { readonly id: string; readonly refused: TaskReason };
type Input = Record<string, unknown>;

const refuse = (id: string, needed: string): Refused => ({
  id,
  refused: toReason('dependency_failed', phrase('task_needs_gone', { id: needed })),
});

/** Digests that stand in an input: a bundle, or tables. */
const digestsOf = (input: Input): readonly string[] => [
  ...(typeof input['bundle'] === 'string' ? [input['bundle']] : []),
  ...tableBlobsOf(input),
];

/** What a worker needs to run a task: its input with the results that it refers to, where its files are, and what it may do. */
export function createPreparation(dependencies: PrepareDependencies) {
  const { store, grant, findFile, findModel, functions, findNode, spoolFolder, inlineBytes, maxBytes, dataFolders } = dependencies;

  async function prepareOne(task: TaskRecord, input: Input, submitter: Submitter, results: ReadonlyMap<string, TaskResultRow>) {
    const files: TaskFile[] = [];
    const addFile = async (digest: string, path?: string) => {
      const file = await findFile(digest, task.id);
      if (file !== undefined) files.push(path === undefined ? file : { ...file, path });
      return file !== undefined;
    };
    const values = new Map<string, unknown>();
    for (const id of task.dependsOn) {
      const result = results.get(id);
      if (result?.state !== 'done') return refuse(task.id, id);
      if (result.digest === null) values.set(id, JSON.parse(result.json ?? 'null'));
      else if (await addFile(result.digest)) values.set(id, { $file: result.digest });
      else return refuse(task.id, id);
    }
    for (const digest of digestsOf(input)) await addFile(digest); // one that is gone, the worker misses
    let model: TaskModel | undefined;
    if (task.type === 'model') {
      try {
        model = await findModel(String(input['model']));
      } catch (error) {
        const { code, message, hint } = toClusterError(error);
        return { id: task.id, refused: toReason(code, message, hint) };
      }
      // the gateway reads the files of GGUF models itself
      if (model.framework !== 'gguf') for (const { digest, path } of model.files) await addFile(digest, path);
    }
    const spec = {
      id: task.id,
      attempt: task.attempt,
      type: task.type,
      owner: task.ownerId,
      input: values.size === 0 ? input : replaceReferences(input, (id) => values.get(id)),
      timeoutSeconds: task.timeoutMs === null ? null : task.timeoutMs / 1000,
      inlineBytes,
      maxBytes,
      dataFolders,
      grant: grant(task, submitter),
      files,
      ...(model === undefined ? {} : { framework: model.framework, verdict: model.verdict }),
      ...(task.type === 'python' && input['function'] !== undefined ? { functions: await functions() } : {}),
    };
    const node = task.resources.node;
    return {
      id: task.id,
      attempt: task.attempt,
      key: `${task.type}-${randomUUID()}`,
      spec: JSON.stringify(spec),
      resources: toDaskResources(
        model === undefined ? task : { ...task, asksGateway: model.framework === 'gguf' },
        node === undefined ? undefined : findNode(node),
      ),
      priority: task.priority,
      ...(task.wantsReport ? { report: join(spoolFolder, `${task.id}-${task.attempt}.html`) } : {}),
    } satisfies BridgeTask;
  }

  return async (tasks: readonly TaskRecord[]): Promise<readonly (BridgeTask | Refused)[]> => {
    const inputs = await store.readInputs(tasks.map(({ id }) => id));
    const results = await store.readResults([...new Set(tasks.flatMap(({ dependsOn }) => dependsOn))]);
    const prepared: (BridgeTask | Refused)[] = [];
    for (const task of tasks) {
      const row = inputs.get(task.id);
      if (row === undefined) {
        prepared.push({ id: task.id, refused: toReason('cancelled', phrase('task_was_cancelled')) }); // its owner was erased
        continue;
      }
      const input = JSON.parse(row.inputJson) as Input;
      prepared.push(await prepareOne(task, input, JSON.parse(row.submitterJson) as Submitter, results));
    }
    return prepared;
  };
}
