import { link, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { type Backup, ClusterError } from '@cluster-ai/contracts';
import type { Clock, DataFolder, Logger } from '@cluster-ai/runtime';
import type { RingCopies } from '../access/privacy/ring-copies.ts';
import type { MasterKey } from '../access/secrets/master-key.ts';
import type { Secrets } from '../access/secrets/secrets.ts';
import { findProblem } from '../registry/check-blobs.ts';
import type { BlobStore } from '../stores/blob-store.ts';
import type { Database } from '../stores/database.ts';
import { isFileError, toFolderError } from '../stores/fs/file-errors.ts';
import { listMigrations } from '../stores/migrations/migrate.ts';
import type { BlobRow } from '../stores/tables.ts';
import { type ArchiveKeys, deriveArchiveKeys, newArchiveSeal, sealFile } from './archive-seal.ts';
import type { PackEntry } from './archive-worker.ts';
import { BACKUP_FORMAT, BACKUP_FORMAT_VERSION, type BackupManifest } from './backup-manifest.ts';
import { runArchiveJob } from './run-archive-job.ts';

export interface BackupDependencies {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly folder: DataFolder;
  readonly secrets: Pick<Secrets, 'withMasterKey'>;
  readonly keyRings: Pick<RingCopies, 'addFolder' | 'writeTo'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Logger;
}

export interface BackupOptions {
  /** A new file, or a folder in which one is made. */
  readonly path: string;
  readonly includeModels: boolean;
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

async function chooseTarget(path: string, nowMs: number): Promise<string> {
  if (!isAbsolute(path) || path.includes('\0'))
    throw new ClusterError('invalid_request', 'The path must be absolute.', {
      hint: 'Write it from the root, such as /backups.',
      param: 'path',
    });
  const isFolder = await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const target = isFolder ? join(path, `cluster-ai-backup-${stamp}.tar`) : path;
  if (await exists(target))
    throw new ClusterError('already_exists', `${target} is there already.`, { hint: 'Name another file, or a folder.', param: 'path' });
  if (!(await exists(dirname(target))))
    throw new ClusterError('file_not_found', `There is no folder ${dirname(target)}.`, { hint: 'Make it first.', param: 'path' });
  return target;
}

/** A second name keeps the bytes while somebody removes the model; without hard links the first name must do. */
async function keep(source: string, target: string): Promise<string> {
  return link(source, target).then(
    () => target,
    () => source,
  );
}

interface BlobEntries {
  readonly entries: readonly PackEntry[];
  readonly missing: readonly string[];
}

async function gatherBlobs(rows: readonly BlobRow[], work: string, { blobs, log }: BackupDependencies): Promise<BlobEntries> {
  const entries: PackEntry[] = [];
  const missing: string[] = [];
  for (const row of rows) {
    const hex = row.digest.slice('sha256:'.length);
    const source = row.location === 'store' ? blobs.pathOf(row.digest) : row.path;
    if (await findProblem(row, blobs)) {
      log.warn({ digest: row.digest, path: source }, 'A file of a model is gone or has changed, and is not in the backup');
      missing.push(row.digest);
    } else {
      const path = row.location === 'store' ? await keep(source, join(work, hex)) : source;
      entries.push({ name: `blobs/sha256/${hex.slice(0, 2)}/${hex}`, path, digest: row.digest });
    }
  }
  return { entries, missing };
}

async function listFiles(folder: string, recursive: boolean): Promise<readonly string[]> {
  const found = await readdir(folder, { recursive, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** The master key, the next one and earlier ones: what opens an archive never lies in one. */
const isMasterKey = (name: string) => /^secrets\/(master\.key|retired\/)/.test(name);

/**
 * Secrets, the configuration (a password may stand in it), and who this machine's own agent is (without it that node could not come back;
 * its weights can). They go in sealed: a stolen archive gives no secret.
 */
async function gatherFiles(folder: DataFolder, work: string, keys: ArchiveKeys): Promise<readonly PackEntry[]> {
  const config = (await exists(folder.config)) ? [folder.config] : [];
  const sources = [...(await listFiles(folder.secrets, true)), ...(await listFiles(folder.agent, false)), ...config];
  const names = sources.map((source) => relative(folder.root, source)).filter((name) => !isMasterKey(name));
  return Promise.all(
    names.map(async (name) => {
      const path = join(work, 'sealed', name);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(path, sealFile(keys, name, await readFile(join(folder.root, name))), { mode: 0o600 });
      return { name: `sealed/${name}`, path };
    }),
  );
}

/** Where each file of the database's snapshot goes when the backup is restored. */
const toStateName = (kind: Database['kind'], name: string) => (kind === 'sqlite' ? `state/${name}` : `database/${name}`);

/** Everything that belongs to one moment: nobody changes rows until it is over, so that each row's bytes are still there. */
async function gather(dependencies: BackupDependencies, work: string, includeModels: boolean, keys: ArchiveKeys) {
  const { database, folder } = dependencies;
  for (const name of ['snapshot', 'blobs']) await mkdir(join(work, name));
  const { blobs, snapshot } = await database.transaction(async (transaction) => {
    const rows = includeModels ? await transaction.selectFrom('blobs').selectAll().execute() : [];
    const gathered = await gatherBlobs(rows, join(work, 'blobs'), dependencies);
    const taken = Promise.withResolvers<void>();
    const writing = database.snapshot(join(work, 'snapshot'), taken.resolve);
    await Promise.race([taken.promise, writing]);
    return { blobs: gathered, snapshot: { writing } }; // wrapped, so that nobody waits for it here
  });
  const names = await snapshot.writing;
  const state = names.map((name) => ({ name: toStateName(database.kind, name), path: join(work, 'snapshot', name) }));
  return { entries: [...state, ...(await gatherFiles(folder, work, keys)), ...blobs.entries], missing: [...blobs.missing] };
}

async function publish(part: string, target: string): Promise<void> {
  try {
    await rename(part, target);
    const handle = await open(dirname(target));
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    throw toFolderError(error, dirname(target));
  }
}

/** What lies in a bucket is kept safe there; an archive of it would go twice through this machine. */
function checkReachable(blobs: BlobStore, includeModels: boolean): void {
  const isHere = blobs.filePathOf(`sha256:${'0'.repeat(64)}`) !== undefined;
  if (includeModels && !isHere)
    throw new ClusterError('unsupported_feature', `The files of models lie in ${blobs.place}, and no backup holds them.`, {
      hint: 'Make the backup without models, and keep the bucket safe by its own means.',
      param: 'includeModels',
    });
}

async function writeBackup(dependencies: BackupDependencies & BackupOptions, master: MasterKey, signal: AbortSignal): Promise<Backup> {
  const { database, blobs, keyRings, clock, log, path, includeModels } = dependencies;
  checkReachable(blobs, includeModels);
  const createdAt = clock.now();
  const target = await chooseTarget(path, createdAt);
  const part = `${target}.part`;
  const seal = newArchiveSeal(master);
  const keys = deriveArchiveKeys(master, seal);
  await using work = await blobs.makeWorkFolder();
  const ringId = await keyRings.addFolder(dirname(target));
  const { entries, missing } = await gather(dependencies, work.path, includeModels, keys).catch((error: unknown) => {
    throw isFileError(error) ? toFolderError(error, work.path) : error;
  });
  const head: Omit<BackupManifest, 'files'> = {
    format: BACKUP_FORMAT,
    formatVersion: BACKUP_FORMAT_VERSION,
    createdAt: new Date(createdAt).toISOString(),
    database: { kind: database.kind, migrations: [...(await listMigrations(database))] },
    includesModels: includeModels,
    seal,
    keyRing: ringId,
    missing,
  };
  await rm(part, { force: true }); // of a backup that a crash ended
  try {
    const answer = await runArchiveJob({ type: 'pack', archive: part, entries, head, signingKey: keys.manifest, nowMs: createdAt }, signal);
    if (!('packed' in answer)) throw new Error('The archive was not packed.');
    const keyRing = await keyRings.writeTo(dirname(target)).catch((error: unknown) => {
      throw isFileError(error) ? toFolderError(error, dirname(target)) : error;
    });
    await publish(part, target); // after the ring: no archive is without it
    log.info({ path: target, ...answer.packed }, 'A backup was made');
    return { path: target, createdAt: head.createdAt, masterKeyId: master.id, keyRing, ...answer.packed };
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/**
 * Writes state, secrets and (if wished) models to one tar file while the cluster works. What is secret in it is sealed with the master
 * key, which is not in it; the keys of sealed chats go to the key ring beside it. One file, since people move, count and delete backups;
 * plain tar, so that any system can look inside.
 * Throws `disk_full`, `data_folder_unwritable`, `already_exists`, `digest_mismatch` when a model's bytes are damaged, or `cancelled`.
 */
export const createBackup = (dependencies: BackupDependencies & BackupOptions, signal: AbortSignal): Promise<Backup> =>
  dependencies.secrets.withMasterKey((master) => writeBackup(dependencies, master, signal));
