import { randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { constants, copyFile, link, mkdir, realpath, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError, phrase } from '@cluster-ai/contracts';
import type { BlobStore, StagedBlob } from '../blob-store.ts';
import { digestFile } from './digest-file.ts';
import { toFolderError, toSourceError } from './file-errors.ts';
import { syncFolder } from './sync-folder.ts';

/** What cannot stay the same while somebody writes to the file. No device number: it changes when a disk is mounted again. */
const identityOf = ({ size, mtimeNs }: BigIntStats) => `${size}:${mtimeNs}`;

async function statFile(path: string): Promise<BigIntStats> {
  const stats = await stat(path, { bigint: true }).catch((error: unknown) => {
    throw toSourceError(error, path);
  });
  if (!stats.isFile()) throw toSourceError({ code: 'EINVAL' }, path);
  return stats;
}

function assertUnchanged(before: BigIntStats, after: BigIntStats, path: string): void {
  if (identityOf(before) === identityOf(after) && before.ino === after.ino) return;
  throw new ClusterError('invalid_model_file', phrase('file_changed_while_read', { path }), {
    hint: phrase('wait_for_the_writer'),
    param: 'path',
  });
}

const isDone = (work: Promise<void>) =>
  work.then(
    () => true,
    () => false,
  );

/** A clone shares the bytes until somebody writes; a hard link is the same file, so only for files that nobody but us may change. */
async function takeWithoutCopy(source: string, owner: bigint, target: string): Promise<'cloned' | 'linked' | undefined> {
  if (await isDone(copyFile(source, target, constants.COPYFILE_FICLONE_FORCE))) return 'cloned';
  if (owner === BigInt(process.getuid?.() ?? -1) && (await isDone(link(source, target)))) return 'linked';
  return undefined;
}

/** What happens to a staged file in the end, which depends on where blobs lie. */
export type Placing = (staged: string, digest: string, sizeBytes: number) => Pick<StagedBlob, 'send' | 'place'>;

/** Whatever of a blob store is a folder of this machine, wherever the blobs themselves lie. */
export type Staging = Pick<BlobStore, 'stage' | 'adopt' | 'makeWorkFolder' | 'identify' | 'identityNow' | 'uploadsFolder'>;

/** Makes `staging` below the folder anew, so that what a crash left there half-way is gone, and keeps `uploads` as it is. */
export async function openStaging(folder: string, placing: Placing): Promise<Staging> {
  const staging = join(folder, 'staging');
  const uploadsFolder = join(folder, 'uploads');
  const writing = <T>(work: () => Promise<T>): Promise<T> =>
    work().catch((error: unknown) => {
      throw error instanceof ClusterError ? error : toFolderError(error, folder);
    });
  await writing(async () => {
    await rm(staging, { recursive: true, force: true });
    for (const path of [staging, uploadsFolder]) await mkdir(path, { recursive: true, mode: 0o700 });
  });

  const toStaged = (staged: string, digest: string, sizeBytes: number, means: StagedBlob['means']): StagedBlob => ({
    digest,
    sizeBytes,
    means,
    ...placing(staged, digest, sizeBytes),
    [Symbol.asyncDispose]: () => rm(staged, { force: true }),
  });

  async function takeIn(source: string, before: BigIntStats, staged: string, signal: AbortSignal) {
    const means = await takeWithoutCopy(source, before.uid, staged);
    if (means === undefined) return { ...(await digestFile(source, { signal, copyTo: staged })), means: 'copied' as const };
    const found = await digestFile(staged, { signal });
    await writing(() => syncFolder(staged)); // what somebody has just written may still be in memory only
    return { ...found, means };
  }

  return {
    uploadsFolder,

    async stage(path, signal) {
      const source = await realpath(path).catch((error: unknown) => {
        throw toSourceError(error, path);
      });
      const staged = join(staging, randomUUID());
      try {
        const before = await statFile(source);
        const { digest, sizeBytes, means } = await takeIn(source, before, staged, signal);
        assertUnchanged(before, await statFile(source), path);
        return toStaged(staged, digest, sizeBytes, means);
      } catch (error) {
        await rm(staged, { force: true });
        throw error;
      }
    },

    async adopt(path, digest, sizeBytes) {
      const staged = join(staging, randomUUID());
      if (await isDone(link(path, staged))) return toStaged(staged, digest, sizeBytes, 'linked');
      if (await isDone(copyFile(path, staged, constants.COPYFILE_FICLONE_FORCE))) return toStaged(staged, digest, sizeBytes, 'cloned');
      return toStaged(path, digest, sizeBytes, 'linked'); // a file system without links: the file itself moves
    },

    async makeWorkFolder() {
      const path = join(staging, randomUUID());
      await writing(() => mkdir(path, { mode: 0o700 }));
      return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
    },

    async identify(path, signal) {
      const before = await statFile(path);
      const found = await digestFile(path, { signal });
      assertUnchanged(before, await statFile(path), path);
      return { ...found, identity: identityOf(before) };
    },

    async identityNow(path) {
      const stats = await stat(path, { bigint: true }).catch(() => undefined);
      return stats?.isFile() === true ? identityOf(stats) : undefined;
    },
  };
}
