import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ClusterError, isClusterError, isDigest, phrase } from '@cluster-ai/contracts';
import { errnoOf, failpoint } from '@cluster-ai/runtime';
import type { BlobStore } from '../blob-store.ts';
import { hexOf } from '../digest-hex.ts';
import { digestFile } from './digest-file.ts';
import { toFolderError } from './file-errors.ts';
import { openStaging } from './open-staging.ts';
import { syncFolder } from './sync-folder.ts';

/** Large enough that the calls cost little beside the bytes, small enough for a hundred readers. */
export const READ_CHUNK_BYTES = 256 * 1024;

/** Opens a folder of blobs (`sha256/ab/abcd…`), and throws away what a crash left half-way in `staging`. */
export async function openBlobStore({ folder }: { readonly folder: string }): Promise<BlobStore> {
  const root = join(folder, 'sha256');
  const marks = join(folder, 'unsettled');
  const writing = <T>(work: () => Promise<T>): Promise<T> =>
    work().catch((error: unknown) => {
      throw error instanceof ClusterError ? error : toFolderError(error, folder);
    });
  const pathOf = (digest: string) => join(root, hexOf(digest).slice(0, 2), hexOf(digest));
  const sizeOf = async (digest: string) => {
    const stats = await stat(pathOf(digest)).catch(() => undefined);
    return stats?.isFile() === true ? stats.size : undefined;
  };
  const markUnsettled = (digest: string) =>
    writing(async () => {
      await writeFile(join(marks, hexOf(digest)), '');
      await syncFolder(marks); // a mark that a power cut forgets would leave bytes that nobody looks for
    });

  async function place(staged: string, digest: string, sizeBytes: number, replace: boolean): Promise<void> {
    if (!replace && (await sizeOf(digest)) === sizeBytes) return;
    const target = pathOf(digest);
    await markUnsettled(digest);
    failpoint('commit.after_mark');
    await writing(async () => {
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await rename(staged, target);
      failpoint('commit.after_rename');
      await syncFolder(dirname(target));
      await syncFolder(root);
      failpoint('commit.after_folder_sync');
    });
  }

  const staging = await openStaging(folder, (staged, digest, sizeBytes) => ({
    send: async () => {},
    place: ({ replace = false } = {}) => place(staged, digest, sizeBytes, replace),
  }));
  await writing(async () => {
    for (const path of [marks, root]) await mkdir(path, { recursive: true, mode: 0o700 });
  });

  return {
    ...staging,
    place: folder,
    pathOf,
    filePathOf: pathOf,
    sizeOf,
    markUnsettled,
    async read(digest, range) {
      const path = pathOf(digest);
      const handle = await open(path).catch((cause: unknown) => {
        throw new ClusterError('blob_not_found', phrase('file_is_gone', { path }), { hint: phrase('put_the_file_back'), cause });
      });
      const bounds = range === undefined ? {} : { start: range.from, end: range.to };
      return createReadStream(path, { fd: handle, highWaterMark: READ_CHUNK_BYTES, ...bounds });
    },
    async digestOf(digest, options) {
      try {
        return (await digestFile(pathOf(digest), options)).digest;
      } catch (error) {
        if (isClusterError(error) && error.code === 'file_not_found') return undefined;
        throw error;
      }
    },
    readLabel: () =>
      readFile(join(folder, 'label'), 'utf8').catch((error: unknown) => {
        if (errnoOf(error) === 'ENOENT') return undefined;
        throw toFolderError(error, folder);
      }),
    writeLabel: (label) =>
      writing(async () => {
        await writeFile(join(folder, 'label'), label, { mode: 0o600, flush: true });
        await syncFolder(folder);
      }),
    async *list() {
      for (const part of (await readdir(root)).sort()) {
        const names = await readdir(join(root, part)).catch((error: unknown) => {
          if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return [];
          throw error;
        });
        const digests = names.map((name) => `sha256:${name}`).filter(isDigest);
        if (digests.length > 0) yield digests;
      }
    },
    unsettled: () => writing(async () => (await readdir(marks)).map((hex) => `sha256:${hex}`).filter(isDigest)),
    settle: (digest, isUsed) =>
      writing(async () => {
        if (!isUsed) await rm(pathOf(digest), { force: true });
        failpoint('garbage.after_file');
        await rm(join(marks, hexOf(digest)), { force: true });
      }),
  };
}
