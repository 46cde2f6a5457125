import { randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { constants, copyFile, link, mkdir, open, readdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ClusterError, isDigest, phrase } from '@cluster-ai/contracts';
import type { BlobStore, StagedBlob } from '../blob-store.ts';
import { digestFile } from './digest-file.ts';
import { toFolderError, toSourceError } from './file-errors.ts';

/** What cannot stay the same while somebody writes to the file. No device number: it changes when a disk is mounted again. */
const identityOf = ({ size, mtimeNs }: BigIntStats) => `${size}:${mtimeNs}`;

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  await handle.sync().finally(() => handle.close());
}

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

/** A clone shares the bytes until somebody writes; a hard link is the same file, so only for files that nobody but us may change. */
async function takeWithoutCopy(source: string, owner: bigint, target: string): Promise<'cloned' | 'linked' | undefined> {
  const isDone = (work: Promise<void>) =>
    work.then(
      () => true,
      () => false,
    );
  if (await isDone(copyFile(source, target, constants.COPYFILE_FICLONE_FORCE))) return 'cloned';
  if (owner === BigInt(process.getuid?.() ?? -1) && (await isDone(link(source, target)))) return 'linked';
  return undefined;
}

/** Opens a folder of blobs (`sha256/ab/abcd…`), and throws away what a crash left half-way in `staging`. */
export async function openBlobStore({ folder }: { readonly folder: string }): Promise<BlobStore> {
  const staging = join(folder, 'staging');
  const marks = join(folder, 'unsettled');
  const writing = <T>(work: () => Promise<T>): Promise<T> =>
    work().catch((error: unknown) => {
      throw error instanceof ClusterError ? error : toFolderError(error, folder);
    });
  await writing(async () => {
    await rm(staging, { recursive: true, force: true });
    for (const path of [staging, marks, join(folder, 'sha256')]) await mkdir(path, { recursive: true, mode: 0o700 });
  });

  const hexOf = (digest: string): string => {
    if (!isDigest(digest))
      throw new ClusterError('invalid_request', 'A digest is written sha256: and 64 hexadecimal digits.', { param: 'digest' });
    return digest.slice('sha256:'.length);
  };
  const pathOf = (digest: string) => join(folder, 'sha256', hexOf(digest).slice(0, 2), hexOf(digest));
  const sizeOf = async (digest: string) => {
    const stats = await stat(pathOf(digest)).catch(() => undefined);
    return stats?.isFile() === true ? stats.size : undefined;
  };
  const markUnsettled = (digest: string) =>
    writing(async () => {
      await writeFile(join(marks, hexOf(digest)), '');
      await syncFolder(marks); // a mark that a power cut forgets would leave bytes that nobody looks for
    });

  async function place(staged: string, digest: string, sizeBytes: number): Promise<void> {
    if ((await sizeOf(digest)) === sizeBytes) return;
    const target = pathOf(digest);
    await markUnsettled(digest);
    await writing(async () => {
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await rename(staged, target);
      await syncFolder(dirname(target));
      await syncFolder(join(folder, 'sha256'));
    });
  }

  async function takeIn(source: string, before: BigIntStats, staged: string, signal: AbortSignal) {
    const means = await takeWithoutCopy(source, before.uid, staged);
    if (means === undefined) return { ...(await digestFile(source, { signal, copyTo: staged })), means: 'copied' as const };
    const found = await digestFile(staged, { signal });
    await writing(() => syncFolder(staged)); // what somebody has just written may still be in memory only
    return { ...found, means };
  }

  async function stage(path: string, signal: AbortSignal): Promise<StagedBlob> {
    const source = await realpath(path).catch((error: unknown) => {
      throw toSourceError(error, path);
    });
    const staged = join(staging, randomUUID());
    const drop = () => rm(staged, { force: true });
    try {
      const before = await statFile(source);
      const found = await takeIn(source, before, staged, signal);
      assertUnchanged(before, await statFile(source), path);
      return { ...found, place: () => place(staged, found.digest, found.sizeBytes), [Symbol.asyncDispose]: drop };
    } catch (error) {
      await drop();
      throw error;
    }
  }

  return {
    pathOf,
    sizeOf,
    stage,
    markUnsettled,
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
    unsettled: () => writing(async () => (await readdir(marks)).map((hex) => `sha256:${hex}`).filter(isDigest)),
    settle: (digest, isUsed) =>
      writing(async () => {
        if (!isUsed) await rm(pathOf(digest), { force: true });
        await rm(join(marks, hexOf(digest)), { force: true });
      }),
  };
}
