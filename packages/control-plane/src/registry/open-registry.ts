import { realpath } from 'node:fs/promises';
import { basename, isAbsolute } from 'node:path';
import {
  type AddModel,
  ClusterError,
  isModelName,
  type ModelFacts,
  type ModelFile,
  type ModelVersion,
  type Phrase,
  phrase,
} from '@cluster-ai/contracts';
import { type Clock, failpoint, type Logger } from '@cluster-ai/runtime';
import type { EventBus } from '../observability/event-bus.ts';
import type { BlobStore, StagedBlob } from '../stores/blob-store.ts';
import type { Database } from '../stores/database.ts';
import type { BlobRow } from '../stores/tables.ts';
import { findProblem } from './check-blobs.ts';
import { createModelIndex } from './model-index.ts';
import { readModels } from './model-rows.ts';
import { inStore, readBlob, recordBlob, settleBlobs, type TakenBlob, toBlobRow } from './record-blob.ts';
import type { Registry } from './registry.ts';
import { deleteModel, type NewVersion, writeBlob, writeModel } from './write-model.ts';

export interface RegistryDependencies {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly events: Pick<EventBus, 'publish'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Logger;
  /** Reads the header of a weights file, without executing anything in it. Throws `invalid_model_file` or `file_not_found`. */
  readonly inspect: (path: string) => Promise<ModelFacts>;
}

type AddRequest = Parameters<Registry['add']>[0];

function checkRequest({ name, path }: AddModel): void {
  if (!isModelName(name))
    throw new ClusterError('invalid_model_reference', phrase('name_cannot_be_used', { name: name.slice(0, 120) }), {
      hint: phrase('how_names_are'),
      param: 'name',
    });
  if (!isAbsolute(path) || path.includes('\0'))
    throw new ClusterError('invalid_request', phrase('path_must_be_absolute'), {
      hint: phrase('write_from_the_root', { example: '/models/a.gguf' }),
      param: 'path',
    });
}

/** What a person must know before using it, where the bytes themselves say so. */
const toNotices = (facts: ModelFacts): readonly Phrase[] => (facts.format === 'gguf' ? [] : [phrase('model_is_a_script')]);

/** What the file is called inside its version: the same bytes give the same manifest, whatever they were called outside. */
function nameFile(facts: ModelFacts): Pick<ModelFile, 'path' | 'mediaType'> {
  if (facts.format === 'gguf') return { path: 'model.gguf', mediaType: 'application/vnd.cluster-ai.model.gguf' };
  return { path: 'model.fake.json', mediaType: 'application/vnd.cluster-ai.fake+json' };
}

type Taken = TakenBlob & AsyncDisposable;

/** Opens the registry: reads everything into memory, cleans up after a crash, and looks whether the files are still there. */
export async function openRegistry({ database, blobs, events, clock, log, inspect }: RegistryDependencies): Promise<Registry> {
  const index = createModelIndex(blobs);

  async function takeIn(path: string, signal: AbortSignal): Promise<Taken> {
    const staged: StagedBlob = await blobs.stage(path, signal);
    failpoint('import.after_staged');
    await staged.send(signal);
    log.info({ digest: staged.digest, sizeBytes: staged.sizeBytes, means: staged.means }, 'A file was taken in');
    return {
      row: toBlobRow(staged.digest, staged.sizeBytes, inStore, clock.now()),
      place: staged.place,
      [Symbol.asyncDispose]: () => staged[Symbol.asyncDispose](),
    };
  }

  async function useInPlace(path: string, signal: AbortSignal): Promise<Taken> {
    const real = await realpath(path); // a link may be pointed elsewhere later; inspection has found the file already
    const { digest, sizeBytes, identity } = await blobs.identify(real, signal);
    return {
      row: toBlobRow(digest, sizeBytes, { location: 'in_place', path: real, identity }, clock.now()),
      place: async () => {},
      [Symbol.asyncDispose]: async () => {},
    };
  }

  async function record(taken: Taken, wanted: NewVersion) {
    return database.transaction(async (transaction) => {
      const blob = await recordBlob(transaction, taken, blobs);
      const { modelId, isChanged } = await writeModel(transaction, wanted, clock.now());
      const [model] = await readModels(transaction, modelId);
      failpoint('import.before_commit');
      return { blob, model, isChanged };
    });
  }

  async function add(request: AddRequest, signal: AbortSignal): Promise<ModelVersion> {
    checkRequest(request);
    const facts = await inspect(request.path);
    await using taken = await (request.inPlace ? useInPlace : takeIn)(request.path, signal);
    const { digest, size_bytes: sizeBytes } = taken.row;
    const wanted: NewVersion = {
      name: request.name,
      description: request.description,
      files: [{ ...nameFile(facts), digest, sizeBytes }],
      facts,
      source: request.source ?? basename(request.path),
      notices: request.notices ?? toNotices(facts),
    };
    try {
      const { blob, model, isChanged } = await record(taken, wanted);
      if (!model) throw new Error('A model was written and cannot be read.');
      index.putBlob(blob);
      index.putModel(model);
      if (isChanged) events.publish({ type: 'model.changed', name: model.name });
      return index.resolve(model.name).version;
    } finally {
      await settleBlobs(database, blobs, [digest]);
    }
  }

  async function remove(name: string): Promise<void> {
    const { name: known } = index.get(name);
    const unused = await database.transaction((transaction) => deleteModel(transaction, known, clock.now()));
    index.dropModel(known);
    for (const digest of unused) index.dropBlob(digest);
    events.publish({ type: 'model.removed', name: known });
  }

  /** A file of somebody else may be gone while we have the same bytes, after a restored backup for example. */
  async function useOwnCopy(row: BlobRow): Promise<BlobRow | undefined> {
    if (row.location === 'store' || (await blobs.sizeOf(row.digest)) !== row.size_bytes) return undefined;
    const own = toBlobRow(row.digest, row.size_bytes, inStore, clock.now());
    await database.transaction((transaction) => writeBlob(transaction, own));
    return own;
  }

  async function loadBlob(row: BlobRow): Promise<void> {
    const problem = await findProblem(row, blobs);
    const own = problem && (await useOwnCopy(row));
    if (problem && !own) log.warn({ digest: row.digest, problem: problem.message }, 'A file of a model cannot be used');
    if (own) index.putBlob(own);
    else index.putBlob(row, problem);
  }

  /** Looks again at a blob whose row somebody else has changed, and tells what it is to its models. */
  async function lookAgain(digest: string): Promise<void> {
    const row = await readBlob(database.query, digest);
    if (!row) return index.dropBlob(digest); // then no model has it any more
    await loadBlob(row);
    for (const { name } of index.list())
      if (index.get(name).versions.some(({ files }) => files.some((file) => file.digest === digest)))
        events.publish({ type: 'model.changed', name });
  }

  async function load(): Promise<void> {
    await settleBlobs(database, blobs, await blobs.unsettled());
    for (const model of await readModels(database.query)) index.putModel(model);
    for (const row of await database.query.selectFrom('blobs').selectAll().execute()) await loadBlob(row);
  }

  await load();
  return {
    resolve: index.resolve,
    find: index.find,
    list: index.list,
    versions: (name) => index.get(name).versions,
    add,
    remove,
    lookAgain,
    locateBlob: index.locateBlob,
  };
}
