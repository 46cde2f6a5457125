import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ClusterError,
  DEFAULT_ALIAS,
  type ImportRequest,
  type Inspection,
  isModelName,
  type ModelFacts,
  type ModelFile,
  type ModelVersion,
  parseModelReference,
  phrase,
  unknownFacts,
} from '@cluster-ai/contracts';
import { type Actor, describeAct, describeModel } from '../../access/audit/act.ts';
import type { Acts } from '../../access/audit/acts.ts';
import type { BlobStore, StagedBlob } from '../../stores/blob-store.ts';
import { isFileError, toFolderError } from '../../stores/fs/file-errors.ts';
import type { FindBlob } from '../blob-reader.ts';
import type { CatalogActor } from '../catalog/catalog.ts';
import { inspectFiles } from '../catalog/inspect-files.ts';
import type { Registry } from '../registry.ts';
import { type FetchDependencies, fetchFile } from './fetch/fetch-file.ts';
import { checkFreeSpace } from './fetch/free-space.ts';
import { dataPathOf, removePartFile } from './fetch/part-file.ts';
import type { Result, Work } from './operations/running-operation.ts';
import { fileTypes, type ImportPlan, type PlannedFile } from './plan.ts';
import { refuseDoubles } from './safe-path.ts';

export interface ImportDependencies {
  readonly registry: Pick<Registry, 'publish'>;
  readonly findBlob: FindBlob;
  readonly blobs: Pick<BlobStore, 'stage'>;
  readonly fetching: FetchDependencies;
  readonly acts: Acts;
  readonly inspect: (path: string) => Promise<ModelFacts>;
  readonly look: ((path: string, signal: AbortSignal) => Promise<Inspection>) | undefined;
  readonly plan: (request: ImportRequest, signal: AbortSignal) => Promise<ImportPlan>;
  /** Lets only one at a time work on the file with this key. */
  readonly oneAtATime: <T>(key: string, signal: AbortSignal, work: () => Promise<T>) => Promise<T>;
}

const weightTypes = new Set<string>([fileTypes.gguf, fileTypes.safetensors, fileTypes.onnx]);

/** What goes on by itself moves no protected alias, whoever began it. */
export const toCatalogActor = ({ kind, name }: Actor): CatalogActor => ({ name: name || kind, permissions: new Set() });

/** What an import is called here: what somebody chose, else what the source suggests. */
export function nameImport({ name }: Pick<ImportRequest, 'name'>, plan: ImportPlan): { readonly name: string; readonly alias: string } {
  if (name === undefined || name === '') return { name: plan.suggestedName, alias: plan.suggestedAlias };
  const reference = parseModelReference(name);
  return { name: reference.name, alias: reference.alias };
}

/** The same bytes have the same key, whichever import fetches them. */
const keyOf = ({ digest, origin, path }: PlannedFile): string => {
  if (digest !== null) return digest.slice('sha256:'.length);
  const place = origin.kind === 'remote' ? origin.remote.url : path;
  return `url-${createHash('sha256').update(place).digest('hex')}`;
};

const gitIdOf = (bytes: Uint8Array): string => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

interface TakenFile extends AsyncDisposable {
  readonly file: ModelFile;
  /** Where it was not in the registry already. */
  readonly staged?: StagedBlob;
  /** Where its bytes lie, for reading its header. */
  readonly localPath: string;
  /** Once the version is there. */
  readonly forget: () => Promise<void>;
}

/** Fetches, checks and publishes; what it is given says what and how far. */
export function createImporter({ registry, findBlob, blobs, fetching, acts, inspect, look, plan, oneAtATime }: ImportDependencies) {
  const { folder } = fetching;

  const mismatch = (path: string, expected: string, actual: string) =>
    new ClusterError('digest_mismatch', phrase('source_sent_other_bytes', { path, expected, actual }), {
      hint: phrase('do_not_trust_source'),
    });

  /** A file that is here, held to what the source said of it. */
  async function verify(staged: StagedBlob, { path, digest, sizeBytes, gitId }: PlannedFile, localPath: string): Promise<void> {
    if (digest !== null && staged.digest !== digest) throw mismatch(path, digest, staged.digest);
    if (sizeBytes !== null && staged.sizeBytes !== sizeBytes) throw mismatch(path, `${sizeBytes} bytes`, `${staged.sizeBytes} bytes`);
    if (digest === null && gitId !== undefined) {
      const actual = gitIdOf(await readFile(localPath));
      if (actual !== gitId) throw mismatch(path, gitId, actual);
    }
  }

  async function stage(file: PlannedFile, localPath: string, drop: () => Promise<void>, signal: AbortSignal): Promise<TakenFile> {
    const staged = await blobs.stage(localPath, signal);
    try {
      await verify(staged, file, localPath);
      await staged.send(signal);
    } catch (error) {
      await staged[Symbol.asyncDispose]();
      await drop(); // nobody wants these bytes again
      throw error;
    }
    const { path, mediaType } = file;
    const taken = { path, mediaType, digest: staged.digest, sizeBytes: staged.sizeBytes };
    return { file: taken, staged, localPath, forget: drop, [Symbol.asyncDispose]: () => staged[Symbol.asyncDispose]() };
  }

  /** Bytes of the file that are already in the registry need not come a second time. */
  async function findKnown({ digest, path, mediaType, sizeBytes }: PlannedFile): Promise<TakenFile | undefined> {
    const known = digest === null ? undefined : await findBlob(digest).catch(() => undefined);
    if (known === undefined || (sizeBytes !== null && known.sizeBytes !== sizeBytes)) return undefined;
    if (known.filePath === undefined && weightTypes.has(mediaType)) return undefined; // a header is read from a file
    const file = { path, mediaType, digest: known.digest, sizeBytes: known.sizeBytes };
    return { file, localPath: known.filePath ?? '', forget: async () => {}, [Symbol.asyncDispose]: async () => {} };
  }

  /** What has to be fetched. */
  async function listAbsent(files: readonly PlannedFile[]): Promise<readonly PlannedFile[]> {
    const known = await Promise.all(files.map(findKnown));
    return files.filter(({ origin }, at) => origin.kind === 'remote' && known[at] === undefined);
  }

  async function take(file: PlannedFile, work: Work, onBytes: (bytesHere: number) => void): Promise<TakenFile> {
    const known = await findKnown(file);
    if (known !== undefined) return known;
    const { origin } = file;
    const base = join(folder, keyOf(file));
    const drop = () => removePartFile(base);
    if (origin.kind === 'local') return stage(file, origin.path, async () => {}, work.signal);
    if (origin.kind === 'bytes') {
      await writeFile(dataPathOf(base), origin.bytes, { mode: 0o600 });
      return stage(file, dataPathOf(base), drop, work.signal);
    }
    const { sizeBytes, digest } = file;
    await fetchFile(fetching, origin.remote, { base, sizeBytes, hasDigest: digest !== null, signal: work.signal, onBytes });
    work.enter('verifying');
    return stage(file, dataPathOf(base), drop, work.signal);
  }

  /** One file after the other, each by several connections: a slow source is not asked for everything at once. */
  async function takeAll(files: readonly PlannedFile[], work: Work, taken: AsyncDisposableStack): Promise<readonly TakenFile[]> {
    const all: TakenFile[] = [];
    let bytesBefore = 0;
    for (const file of files) {
      const { path, digest, sizeBytes } = file;
      const report = (bytesHere: number) => work.report(bytesBefore + bytesHere, { path, digest, sizeBytes, bytesDone: bytesHere });
      work.enter('downloading');
      report(0);
      const one = taken.use(await oneAtATime(keyOf(file), work.signal, () => take(file, work, report)));
      report(one.file.sizeBytes);
      bytesBefore += one.file.sizeBytes;
      all.push(one);
    }
    return all;
  }

  const isWeights = ({ file }: TakenFile) => file.mediaType === fileTypes.gguf;

  /** What lies in another system and was here before has been looked through when it came. */
  async function lookThrough(all: readonly TakenFile[], signal: AbortSignal): Promise<Inspection | undefined> {
    if (look === undefined) return undefined;
    const here = all.filter(({ localPath }) => localPath !== '').map(({ file, localPath }) => ({ ...file, localPath }));
    const { inspection } = await inspectFiles(here, async ({ localPath }) => ({ inspection: await look(localPath, signal) }));
    return inspection;
  }

  async function readFacts(all: readonly TakenFile[]): Promise<ModelFacts> {
    const gguf = all.find(isWeights);
    if (gguf !== undefined) return inspect(gguf.localPath);
    const isOf = (mediaType: string) => all.some(({ file }) => file.mediaType === mediaType);
    const format = isOf(fileTypes.safetensors) ? 'safetensors' : isOf(fileTypes.onnx) ? 'onnx' : 'other';
    return unknownFacts(format);
  }

  async function publish(work: Work, planned: ImportPlan, request: ImportRequest, all: readonly TakenFile[]): Promise<ModelVersion> {
    const { name, alias } = nameImport(request, planned);
    const facts = await readFacts(all);
    const inspection = await lookThrough(all, work.signal);
    const act = { actor: work.actor, address: '', action: 'models.import', requestId: work.id, target: name };
    return acts.run(act, async () => {
      describeAct({ details: { source: planned.source, alias, digests: all.map(({ file }) => file.digest).slice(0, 20) } });
      const wanted = {
        name,
        aliases: [alias],
        keepsLatest: alias !== DEFAULT_ALIAS,
        description: request.description,
        files: all.map(({ file }) => file),
        staged: all.flatMap(({ staged }) => staged ?? []),
        facts,
        source: planned.source,
        ...(inspection === undefined ? {} : { inspection }),
      };
      const version = await registry.publish(wanted, toCatalogActor(work.actor));
      describeModel(name, version.version);
      return version;
    });
  }

  return async function runImport(work: Work): Promise<Result> {
    const request = work.wish as ImportRequest;
    try {
      const planned = await plan(request, work.signal);
      const { name, alias } = nameImport(request, planned);
      if (!isModelName(name))
        throw new ClusterError('invalid_model_reference', phrase('name_cannot_be_used', { name }), { hint: phrase('how_names_are') });
      refuseDoubles(planned.files.map(({ path }) => path));
      work.describe({ model: `${name}:${alias}`, bytesTotal: totalOf(planned.files) });
      await checkFreeSpace(folder, totalOf(await listAbsent(planned.files)) ?? 0);
      await using taken = new AsyncDisposableStack();
      const all = await takeAll(planned.files, work, taken);
      work.enter('publishing');
      const version = await publish(work, planned, request, all);
      for (const { forget } of all) await forget();
      return { name, version: version.version, manifestDigest: version.manifestDigest };
    } catch (error) {
      throw isFileError(error) ? toFolderError(error, folder) : error;
    }
  };
}

export function totalOf(files: readonly PlannedFile[]): number | null {
  return files.reduce<number | null>((sum, { sizeBytes }) => (sum === null || sizeBytes === null ? null : sum + sizeBytes), 0);
}
