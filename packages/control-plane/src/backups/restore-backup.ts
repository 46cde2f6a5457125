import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ClusterError } from '@cluster-ai/contracts';
import { type Clock, errnoOf, type Logger, locateDataFolder } from '@cluster-ai/runtime';
import { createMasterKeyFiles, type GivenKeys, type MasterKey, noGivenKeys } from '../access/secrets/master-key.ts';
import type { Database } from '../stores/database.ts';
import { isFileError, toFolderError } from '../stores/fs/file-errors.ts';
import { knownMigrations, migrate } from '../stores/migrations/migrate.ts';
import { openDatabase } from '../stores/open-database.ts';
import { importTables } from '../stores/postgres/export-tables.ts';
import { openPostgres } from '../stores/postgres/open-postgres.ts';
import { tableNames } from '../stores/tables.ts';
import { type AppliedRing, applyKeyRing } from './apply-key-ring.ts';
import type { ArchiveKeys } from './archive-seal.ts';
import { type BackupManifest, parseManifest } from './backup-manifest.ts';
import { findKeyRing, type OpenedRing } from './find-key-ring.ts';
import { runArchiveJob } from './run-archive-job.ts';
import { findMasterKeyById, getArchiveMasterKey, type KeyPlaces, proveManifest, unsealFiles } from './unseal-backup.ts';

export interface RestoreOptions {
  /** The backup. */
  readonly path: string;
  /** The data folder, of a cluster that does not run. Its parent must be writable: the new folder is made beside and then takes its place. */
  readonly folder: string;
  /** Where the rows go when the backup is one of a PostgreSQL; that database must be empty. */
  readonly databaseUrl?: string;
  /** The folder of the models, when it is not inside the data folder. */
  readonly blobs?: string;
  /** Restores although the data folder is not empty; what was there is kept beside it. */
  readonly force: boolean;
  /** The master key that the backup was made with, where it is neither given nor in the data folder. */
  readonly keyFile?: string;
  readonly given?: GivenKeys;
  /** The key ring, where it does not lie beside the backup. */
  readonly keyRing?: string;
  /** Takes a backup of the first format, which nothing proves to be unchanged. */
  readonly unsealed?: boolean;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Logger;
}

export interface Restored {
  readonly createdAt: string;
  readonly files: number;
  readonly includesModels: boolean;
  /** Digests that the backup does not have because they were gone when it was made. */
  readonly missing: readonly string[];
  /** Where the data folder's earlier content lies now. */
  readonly previous: string | null;
  /** The key ring that was used; null where there was none, so that nobody could be erased again. */
  readonly keyRing: string | null;
  /** People who were erased after the backup was made. */
  readonly erasedAgain: number;
  /** Sealed chats whose keys are not here. */
  readonly unreadableChats: number;
}

async function isEmptyOrAbsent(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return true;
    throw toFolderError(error, folder);
  }
}

interface OpenedArchive {
  readonly manifest: BackupManifest;
  /** Absent for one of the first format. */
  readonly keys?: ArchiveKeys;
  readonly master?: MasterKey;
  /** Whether it is to be written beside the restored secrets. */
  readonly isKeyWritten: boolean;
  readonly ring: OpenedRing | undefined;
  readonly places: KeyPlaces;
}

/** Reads the manifest, and believes it only with the key that the archive was made with. */
async function openArchive(
  { path, folder, keyFile, keyRing, given = noGivenKeys, unsealed }: RestoreOptions,
  signal: AbortSignal,
): Promise<OpenedArchive> {
  const answer = await runArchiveJob({ type: 'read-manifest', archive: path }, signal);
  if (!('manifest' in answer)) throw new Error('The archive gave no manifest.');
  const manifest = parseManifest(answer.manifest, path);
  const places: KeyPlaces = { keyFile, given, secretsFolder: join(folder, 'secrets') };
  const findRing = () =>
    findKeyRing({ archive: path, ringId: manifest.keyRing, named: keyRing, findMaster: (id) => findMasterKeyById(id, places) });
  if (manifest.seal === undefined) {
    if (unsealed) return { manifest, isKeyWritten: false, ring: await findRing(), places };
    throw new ClusterError('digest_mismatch', `${path} is not sealed: nothing proves that nobody changed it.`, {
      hint: 'If it is a backup of an earlier version and you trust where it lay, add --unsealed.',
    });
  }
  const { master, isGiven } = getArchiveMasterKey(manifest.seal, path, places);
  const keys = proveManifest(manifest.seal, master, answer.manifest, answer.signature, path);
  return { manifest, keys, master, isKeyWritten: !isGiven, ring: await findRing(), places };
}

/** The ring may be sealed with a later master key: the restored cluster goes on with that file, and must be able to read it. */
async function unseal(staged: string, { keys, master, isKeyWritten, ring, places }: OpenedArchive): Promise<void> {
  if (keys === undefined) return;
  await unsealFiles(staged, keys);
  const files = createMasterKeyFiles(join(staged, 'secrets'));
  if (isKeyWritten && master !== undefined) files.writeFirst(master);
  const ringMaster = ring && findMasterKeyById(ring.masterKeyId, places);
  if (ringMaster !== undefined && ringMaster.id !== master?.id) files.keep(ringMaster);
}

const untouched: AppliedRing = { erasedAgain: 0, unreadableChats: 0 };

/** Before anybody can start it: the database is brought up to date for that. One of before there were rings stays as it was. */
async function applyRing({ manifest, master, ring }: OpenedArchive, staged: string, url: string, { clock, log }: RestoreOptions) {
  if (manifest.keyRing === undefined && (ring === undefined || ring.ring.erased.length === 0)) return untouched;
  await using database = await openDatabase({ url, folder: locateDataFolder(staged, {}), log });
  const applied = await applyKeyRing({ database, opened: ring, master, clock, log });
  await database.scrub();
  return applied;
}

function checkFits({ database }: BackupManifest, { path, databaseUrl = '' }: RestoreOptions): void {
  const unknown = database.migrations.find((name) => !knownMigrations.includes(name));
  if (unknown !== undefined)
    throw new ClusterError('database_newer', `${path} was made by a newer version of Cluster AI (${unknown}).`, {
      hint: 'Restore it with that version.',
    });
  if (database.kind === 'postgres' && databaseUrl === '')
    throw new ClusterError('config_invalid', `${path} is a backup of a cluster with a PostgreSQL database.`, {
      hint: 'Name an empty database in `database` of cluster.yaml.',
    });
  if (database.kind === 'sqlite' && databaseUrl !== '')
    throw new ClusterError('config_invalid', `${path} is a backup of a cluster with SQLite, but the configuration names a PostgreSQL.`, {
      hint: 'Take `database` out of cluster.yaml.',
    });
}

async function assertEmpty(database: Database): Promise<void> {
  const known = (await database.query.introspection.getTables()).map(({ name }) => name); // fewer, in the schema of an older backup
  for (const table of tableNames.filter((name) => known.includes(name)))
    if (await database.query.selectFrom(table).selectAll().limit(1).executeTakeFirst())
      throw new ClusterError('already_exists', 'The database that the backup would go to is not empty.', {
        hint: 'Name an empty database.',
      });
}

/** The rows go into a schema as it was when they were written; the next start of the cluster brings it up to date. */
async function restoreRows({ database: { migrations } }: BackupManifest, staged: string, url: string, log: Logger): Promise<void> {
  await using database = await openPostgres(url, log);
  await migrate(database, log, migrations.at(-1));
  await assertEmpty(database);
  await database.transaction((transaction) => importTables(transaction, join(staged, 'database')));
  await rm(join(staged, 'database'), { recursive: true });
}

async function moveFile(source: string, target: string): Promise<void> {
  await rename(source, target).catch(async (error: unknown) => {
    if (errnoOf(error) !== 'EXDEV') throw error;
    await copyFile(source, `${target}.part`);
    await rename(`${target}.part`, target);
  });
}

/** Models may live elsewhere. Their files carry their digests as names, so that adding them harms nobody. */
async function moveBlobs(staged: string, target: string): Promise<void> {
  const found = await readdir(join(staged, 'blobs'), { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of found.filter((candidate) => candidate.isFile())) {
    const folder = join(target, 'sha256', entry.name.slice(0, 2));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await moveFile(join(entry.parentPath, entry.name), join(folder, entry.name));
  }
  await rm(join(staged, 'blobs'), { recursive: true, force: true });
}

/** Puts the new folder where the old one was. Gives the place of the old one, if it had anything in it. */
async function takePlace(staged: string, folder: string, now: number): Promise<string | null> {
  const isFresh = await isEmptyOrAbsent(folder);
  const previous = isFresh ? null : `${folder}.before-restore-${new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
  if (previous !== null) await rename(folder, previous);
  else
    await rmdir(folder).catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT') throw error;
    });
  await rename(staged, folder).catch(async (error: unknown) => {
    if (previous !== null) await rename(previous, folder);
    throw error;
  });
  const handle = await open(dirname(folder));
  await handle.sync().finally(() => handle.close());
  return previous;
}

/**
 * Brings a cluster back from a backup, while it does not run (the caller has seen to that). Every byte is checked against its digest in a
 * new folder before anything of the old one changes. Throws `digest_mismatch` with the file's name, `already_exists` when the data folder
 * is not empty and `force` is not set, `invalid_request` when the file is no backup, `secret_unreadable` when its master key or that of its
 * key ring is not here, `database_newer`, `disk_full` or `cancelled`.
 */
export async function restoreBackup(options: RestoreOptions, signal: AbortSignal): Promise<Restored> {
  const { path, folder, databaseUrl, blobs, force, clock, log } = options;
  const opened = await openArchive(options, signal);
  const { manifest } = opened;
  checkFits(manifest, options);
  if (!force && !(await isEmptyOrAbsent(folder)))
    throw new ClusterError('already_exists', `The data folder ${folder} is not empty.`, {
      hint: 'Restore to another folder with --data-dir, or add --force: what is there now is kept beside it.',
    });
  const staged = `${folder}.restoring-${randomUUID()}`;
  try {
    await mkdir(staged, { recursive: true, mode: 0o700 });
    const entries = manifest.files.map((file) => ({ ...file, target: join(staged, file.name) }));
    await runArchiveJob({ type: 'unpack', archive: path, entries }, signal);
    await unseal(staged, opened);
    if (manifest.database.kind === 'postgres') await restoreRows(manifest, staged, databaseUrl ?? '', log);
    const applied = await applyRing(opened, staged, databaseUrl ?? '', options);
    if (blobs !== undefined && blobs !== join(folder, 'blobs')) await moveBlobs(staged, blobs);
    const previous = await takePlace(staged, folder, clock.now());
    log.info({ path, folder, previous }, 'A backup was restored');
    const { createdAt, includesModels, missing, files } = manifest;
    return { createdAt, includesModels, missing, files: files.length, previous, keyRing: opened.ring?.path ?? null, ...applied };
  } catch (error) {
    await rm(staged, { recursive: true, force: true });
    throw isFileError(error) ? toFolderError(error, folder) : error;
  }
}
