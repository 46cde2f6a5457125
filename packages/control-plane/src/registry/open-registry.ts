import { realpath } from 'node:fs/promises';
import { basename, isAbsolute } from 'node:path';
import {
  type AddModel,
  ClusterError,
  type Config,
  defaultConfig,
  type Inspection,
  type ModelFacts,
  type ModelFile,
  type ModelVersion,
  type Phrase,
  parseModelReference,
  phrase,
} from '@cluster-ai/contracts';
import { type Clock, failpoint, type Logger } from '@cluster-ai/runtime';
import type { EventBus } from '../observability/event-bus.ts';
import type { BlobStore, StagedBlob } from '../stores/blob-store.ts';
import type { Database } from '../stores/database.ts';
import type { BlobRow } from '../stores/tables.ts';
import { type Catalog, type CatalogActor, clusterActor, type PublishVersion } from './catalog/catalog.ts';
import { checkModelName } from './catalog/check-publication.ts';
import { openCatalog } from './catalog/open-catalog.ts';
import { getModelRow } from './catalog/read-versions.ts';
import { deleteModel, type FindDeployed, refuseProtected } from './catalog/remove-versions.ts';
import { EVERY_MODEL } from './catalog/write-entry.ts';
import { findProblem } from './check-blobs.ts';
import { followChanges } from './follow-changes.ts';
import { decideUse } from './inspection/policy.ts';
import { findNames, findUsers } from './names-of-blobs.ts';
import { explainUnknownVersion, type ReadReference, readNewestVersions, readRecords, readReference } from './read-references.ts';
import { inStore, readBlob, recordBlob, settleBlobs, type TakenBlob, toBlobRow, writeBlob } from './record-blob.ts';
import { createReferenceCache } from './reference-cache.ts';
import type { Registry, ResolvedModel } from './registry.ts';
import { explainUnknownModel } from './unknown-names.ts';

export interface RegistryDependencies {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly events: Pick<EventBus, 'publish'>;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  readonly log: Logger;
  /** Reads the header of a weights file, without executing anything in it. Throws `invalid_model_file` or `file_not_found`. */
  readonly inspect: (path: string) => Promise<ModelFacts>;
  /** What may be loaded or get a protected alias, by what was found in its files. */
  readonly policy?: Config['registry']['policy'];
  /** Looks for what is harmful in a file; left out where all files are one's own. */
  readonly look?: (path: string, signal: AbortSignal) => Promise<Inspection>;
  readonly findDeployed?: FindDeployed;
}

type AddRequest = Parameters<Registry['add']>[0];

/** Enough for all that a cluster serves at one time; some 2 KB each. */
const REFERENCES_KEPT = 4096;
const MOST_LISTED = 1000;

function checkRequest({ name, path }: AddModel): void {
  checkModelName(name);
  if (!isAbsolute(path) || path.includes('\0'))
    throw new ClusterError('invalid_request', phrase('path_must_be_absolute'), {
      hint: phrase('write_from_the_root', { example: '/models/a.gguf' }),
      param: 'path',
    });
}

/** What a person must know before using it, where the bytes themselves say so. */
const toNotices = (facts: ModelFacts): readonly Phrase[] => (facts.architecture === 'fake' ? [phrase('model_is_a_script')] : []);

/** What the file is called inside its version: the same bytes give the same manifest, whatever they were called outside. */
function nameFile(facts: ModelFacts): Pick<ModelFile, 'path' | 'mediaType'> {
  if (facts.format === 'gguf') return { path: 'model.gguf', mediaType: 'application/vnd.cluster-ai.model.gguf' };
  return { path: 'model.fake.json', mediaType: 'application/vnd.cluster-ai.fake+json' };
}

/** Why what was found in a file forbids to load it, where it does. A file of the machine's own that nobody looked into is its owner's to judge. */
function refusalOf(
  { name: model, inspection, isAllowed: isOverridden }: ReadReference,
  policy: Config['registry']['policy'],
): ClusterError | undefined {
  if (inspection === null) return undefined;
  const decision = decideUse({ model, use: 'load', inspections: [inspection], isOverridden }, policy);
  return decision.isAllowed ? undefined : new ClusterError('verdict_refused', decision.message, { hint: decision.hint });
}

type Taken = TakenBlob & AsyncDisposable;

/** Opens the registry and its catalog: cleans up after a crash, and reads models only as they are asked for. */
export async function openRegistry(
  dependencies: RegistryDependencies,
): Promise<Registry & { readonly catalog: Catalog; follow(signal: AbortSignal): Promise<void> }> {
  const { database, blobs, events, clock, log, inspect } = dependencies;
  const { policy = defaultConfig().registry.policy, look, findDeployed = () => undefined } = dependencies;
  const { query } = database;
  const cache = createReferenceCache(REFERENCES_KEPT);

  async function takeIn(path: string, signal: AbortSignal): Promise<Taken> {
    const staged = await blobs.stage(path, signal);
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

  async function add(request: AddRequest, signal: AbortSignal) {
    checkRequest(request);
    const facts = await inspect(request.path);
    const { inspected } = request;
    const looked = facts.format === 'gguf' && inspected === undefined ? await look?.(request.path, signal) : undefined;
    await using taken = await (request.inPlace ? useInPlace : takeIn)(request.path, signal);
    const { digest, size_bytes: sizeBytes } = taken.row;
    const inspection = inspected?.digest === digest ? inspected.inspection : looked;
    const actor: CatalogActor = request.actor ?? clusterActor;
    const wanted = {
      name: request.name,
      description: request.description,
      files: [{ ...nameFile(facts), digest, sizeBytes }],
      facts,
      source: request.source ?? basename(request.path),
      notices: request.notices ?? toNotices(facts),
      ...(request.alias === undefined ? {} : { aliases: [request.alias] }),
      ...(inspection === undefined ? {} : { inspection }),
    };
    return await record(wanted, actor, [taken]); // waited for: what was taken in goes when this ends
  }

  /** In one transaction: what was taken in, and the version that uses it. */
  async function record(wanted: PublishVersion, actor: CatalogActor, taken: readonly TakenBlob[]): Promise<ModelVersion> {
    const digests = taken.map(({ row }) => row.digest);
    try {
      const { manifestDigest } = await catalog.publish(wanted, actor, async (transaction) => {
        for (const one of taken) await recordBlob(transaction, one, blobs);
        failpoint('import.before_commit');
      });
      for (const digest of digests) cache.forgetBlob(digest);
      return (await getKept(`${wanted.name}@${manifestDigest}`)).version;
    } finally {
      await settleBlobs(database, blobs, digests);
    }
  }

  const toTaken = (staged: StagedBlob): TakenBlob => ({
    row: toBlobRow(staged.digest, staged.sizeBytes, inStore, clock.now()),
    place: staged.place,
  });

  const publish: Registry['publish'] = ({ staged, ...wanted }, actor) =>
    record({ notices: toNotices(wanted.facts), ...wanted }, actor, staged.map(toTaken));

  async function remove(name: string, actor: CatalogActor = clusterActor): Promise<void> {
    const model = await database.transaction(async (transaction) => {
      const found = await getModelRow(transaction, name);
      await refuseProtected(transaction, found, actor);
      await deleteModel(transaction, found, clock.now());
      return found;
    });
    cache.forget(model.name);
    events.publish({ type: 'model.removed', name: model.name });
  }

  /** A file of somebody else may be gone while we have the same bytes, after a restored backup for example. */
  async function useOwnCopy(row: BlobRow): Promise<BlobRow | undefined> {
    if (row.location === 'store' || (await blobs.sizeOf(row.digest)) !== row.size_bytes) return undefined;
    const own = toBlobRow(row.digest, row.size_bytes, inStore, clock.now());
    await database.transaction((transaction) => writeBlob(transaction, own));
    return own;
  }

  async function checkBlob(row: BlobRow): Promise<{ row: BlobRow; problem?: ClusterError }> {
    const problem = await findProblem(row, blobs);
    const own = problem && (await useOwnCopy(row));
    if (own) return { row: own };
    if (problem === undefined) return { row };
    log.warn({ digest: row.digest, problem: problem.message }, 'A file of a model cannot be used');
    return { row, problem };
  }
  const pathOf = ({ location, digest, path }: BlobRow) => (location === 'store' ? blobs.pathOf(digest) : path);

  async function read(reference: string): Promise<ResolvedModel | undefined> {
    const found = await readReference(query, parseModelReference(reference));
    if (!found) return undefined;
    const { blob, inspection: _inspection, isAllowed: _isAllowed, ...model } = found;
    const { row, problem = refusalOf(found, policy) } = await checkBlob(blob);
    return { ...model, path: pathOf(row), ...(problem === undefined ? {} : { problem }) };
  }

  const find: Registry['find'] = async (reference) => cache.find(reference) ?? cache.remember(reference, () => read(reference));

  const resolve: Registry['resolve'] = async (reference, grants) => {
    const found = await find(reference);
    if (found?.problem) throw found.problem;
    if (found) return found;
    const wanted = parseModelReference(reference);
    const model = await query
      .selectFrom('models')
      .select(['id', 'name'])
      .where('name_lower', '=', wanted.name.toLowerCase())
      .executeTakeFirst();
    throw model ? await explainUnknownVersion(query, model, wanted) : await explainUnknownModel(query, wanted.name, grants);
  };

  /** What was just published, whether or not it may be loaded. */
  async function getKept(reference: string): Promise<ResolvedModel> {
    return (await find(reference)) ?? resolve(reference);
  }

  const problemOf = async (row: BlobRow) => (await checkBlob(row)).problem;
  const catalog = await openCatalog({ database, events, clock, policy, findDeployed, forget: cache.forget });
  await settleBlobs(database, blobs, await blobs.unsettled());
  return {
    catalog,
    follow: (signal) => followChanges({ ...dependencies, onChange: cache.forgetAll }, signal),
    resolve,
    find,
    list: (most = MOST_LISTED) => readRecords(query, problemOf, { most }),
    record: async (name) => (await readRecords(query, problemOf, { most: 1, name }))[0],
    async count() {
      const row = await query.selectFrom('catalog_word_counts').select('models').where('word', '=', EVERY_MODEL).executeTakeFirst();
      return Number(row?.models ?? 0);
    },
    versions: async (name) => readNewestVersions(query, (await getModelRow(query, name)).id, MOST_LISTED),
    namesOf: (wanted) => findNames(query, wanted),
    add,
    publish,
    remove,
    async lookAgain(digest) {
      cache.forgetBlob(digest);
      for (const name of await findUsers(query, digest)) events.publish({ type: 'model.changed', name });
    },
    async locateBlob(digest) {
      const row = await readBlob(query, digest);
      const checked = row && (await checkBlob(row));
      if (!checked || checked.problem) return undefined;
      return { digest, path: pathOf(checked.row), sizeBytes: checked.row.size_bytes };
    },
  };
}
