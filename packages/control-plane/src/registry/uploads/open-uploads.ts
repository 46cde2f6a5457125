import { createHash, type Hash } from 'node:crypto';
import { readdir, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError, isClusterError } from '@cluster-ai/contracts';
import { type Clock, failpoint, type Logger, newId } from '@cluster-ai/runtime';
import type { BlobStore } from '../../stores/blob-store.ts';
import type { Database } from '../../stores/database.ts';
import { hexOf } from '../../stores/digest-hex.ts';
import { toFolderError } from '../../stores/fs/file-errors.ts';
import type { UploadRow } from '../../stores/tables.ts';
import { checkWhole, commitUpload, findDigest, syncFile } from './finish-upload.ts';
import { appendToFile } from './partial-file.ts';
import { checkFreeDisk, tooManyBytes, tooManyUploads, type UploadLimits, usualUploadLimits } from './upload-limits.ts';
import type { StartUpload, StoredBlob, UploadStatus, Uploads } from './uploads.ts';

export interface UploadsDependencies {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits?: Partial<UploadLimits>;
}

/** One thing is done to an upload at a time. */
interface Work {
  readonly stop: AbortController;
  readonly done: Promise<void>;
  readonly mayStop: boolean;
}

interface OpenUpload {
  readonly row: UploadRow;
  readonly path: string;
  receivedBytes: number;
  touchedAt: number;
  /** Of all that has arrived; absent after a restart: then the file is read once more at the end. */
  hash: Hash | undefined;
  work: Work | undefined;
}

const SWEEP_EVERY_MS = 10 * 60_000;

const notFound = (id: string) =>
  new ClusterError('upload_not_found', `There is no unfinished upload "${id.slice(0, 60)}".`, {
    hint: 'It has ended, was never finished in time, or is not yours. Start a new one.',
  });

const bytesOf = ({ row, receivedBytes }: OpenUpload) => Math.max(row.size_bytes ?? 0, receivedBytes);
const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

function checkWish({ sizeBytes, digest }: StartUpload): void {
  if (digest !== undefined) hexOf(digest);
  if (sizeBytes !== undefined && !(Number.isSafeInteger(sizeBytes) && sizeBytes >= 0))
    throw new ClusterError('invalid_request', 'The size is a whole number of bytes.', { param: 'sizeBytes' });
}

/** Opens the uploads as an earlier run of the program left them; files that belong to none are removed. */
export async function openUploads(dependencies: UploadsDependencies): Promise<Uploads> {
  const { database, blobs, clock, log } = dependencies;
  const limits = { ...usualUploadLimits, ...dependencies.limits };
  const folder = blobs.uploadsFolder;
  const uploads = new Map<string, OpenUpload>();

  const expiresAt = ({ touchedAt }: OpenUpload) => touchedAt + limits.expiresAfterMs;
  const ownedBy = (owner: string) => [...uploads.values()].filter(({ row }) => row.owner === owner);
  const toStatus = (upload: OpenUpload): UploadStatus => ({
    id: upload.row.id,
    offset: upload.receivedBytes,
    sizeBytes: upload.row.size_bytes,
    expiresAt: expiresAt(upload),
  });

  function find(id: string, owner: string): OpenUpload {
    const upload = uploads.get(id);
    if (upload?.row.owner !== owner || expiresAt(upload) <= clock.now()) throw notFound(id);
    return upload;
  }

  async function load(): Promise<void> {
    const rows = await database.query.selectFrom('uploads').selectAll().execute();
    for (const row of rows) {
      const path = join(folder, row.id);
      const stats = await stat(path).catch(() => undefined);
      const touchedAt = Math.max(row.created_at, Math.floor(stats?.mtimeMs ?? 0));
      uploads.set(row.id, { row, path, receivedBytes: stats?.size ?? 0, touchedAt, hash: undefined, work: undefined });
    }
    for (const name of await readdir(folder)) if (!uploads.has(name)) await rm(join(folder, name), { recursive: true, force: true });
  }

  /** Lets nobody else in meanwhile. */
  async function alone<T>(upload: OpenUpload, mayStop: boolean, work: (stop: AbortSignal) => Promise<T>): Promise<T> {
    if (upload.work)
      throw new ClusterError('conflict', `Something else is just being done to the upload ${upload.row.id}.`, {
        hint: 'Wait until that has ended, and ask how far it is.',
      });
    const stop = new AbortController();
    const { promise: done, resolve } = Promise.withResolvers<void>();
    upload.work = { stop, done, mayStop };
    try {
      return await work(stop.signal);
    } finally {
      upload.work = undefined;
      resolve();
    }
  }

  async function forget(upload: OpenUpload): Promise<void> {
    await database.transaction((transaction) => transaction.deleteFrom('uploads').where('id', '=', upload.row.id).execute());
    failpoint('upload.after_forgotten');
    uploads.delete(upload.row.id);
    await rm(upload.path, { force: true });
  }

  function allow(upload: OpenUpload, totalBytes: number): void {
    const { row } = upload;
    if (row.size_bytes !== null && totalBytes > row.size_bytes)
      throw new ClusterError('payload_too_large', `More bytes came than the ${row.size_bytes} that were announced.`);
    const others = ownedBy(row.owner).filter((other) => other !== upload);
    if (sum(others.map(bytesOf)) + totalBytes > limits.bytesPerOwner) throw tooManyBytes(limits.bytesPerOwner);
  }

  /** Of an append that was refused nothing stays; one that was cut keeps what arrived. */
  const isRefused = (error: ClusterError) => ['payload_too_large', 'quota_exceeded', 'disk_full'].includes(error.code);

  async function cutTo(upload: OpenUpload, sizeBytes: number): Promise<void> {
    upload.hash = undefined;
    upload.receivedBytes = sizeBytes;
    await truncate(upload.path, sizeBytes).catch(() => {}); // no file yet, or a disk that takes nothing: `load` looks at the file again
  }

  async function append(upload: OpenUpload, offset: number, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal) {
    const { receivedBytes } = upload;
    if (offset !== receivedBytes)
      throw new ClusterError('range_not_satisfiable', `${receivedBytes} bytes have arrived, so the next part begins there.`, {
        hint: 'Ask how far the upload is, and go on from there.',
        details: { offset: receivedBytes },
      });
    if (receivedBytes === 0) upload.hash = createHash('sha256');
    const { hash, path } = upload;
    const { writtenBytes, failure } = await appendToFile(bytes, {
      path,
      offset,
      allow: (totalBytes) => allow(upload, totalBytes),
      hash,
      signal,
    });
    upload.receivedBytes = receivedBytes + writtenBytes;
    upload.touchedAt = clock.now();
    failpoint('upload.after_append');
    if (failure === undefined) return toStatus(upload);
    const error = isClusterError(failure) ? failure : toFolderError(failure, folder);
    if (isRefused(error)) await cutTo(upload, receivedBytes);
    else if ((await stat(path).catch(() => undefined))?.size !== upload.receivedBytes) await cutTo(upload, upload.receivedBytes);
    throw error;
  }

  async function finish(upload: OpenUpload, wanted: string | undefined): Promise<StoredBlob> {
    if (wanted !== undefined) hexOf(wanted);
    const expected = wanted ?? upload.row.digest ?? undefined;
    if (upload.row.digest !== null && expected !== upload.row.digest)
      throw new ClusterError('invalid_request', 'Another digest was announced when this upload was started.', { param: 'digest' });
    checkWhole(upload);
    await syncFile(upload.path);
    const digest = await findDigest(upload);
    if (expected !== undefined && digest !== expected) {
      await forget(upload);
      throw new ClusterError('digest_mismatch', `The bytes are ${digest}, not ${expected}.`, { hint: 'Upload the file again.' });
    }
    await commitUpload({ ...upload, digest, leaseUntil: clock.now() + limits.leaseMs }, dependencies);
    uploads.delete(upload.row.id);
    await rm(upload.path, { force: true });
    log.info({ digest, sizeBytes: upload.receivedBytes }, 'An upload was finished');
    return { digest, sizeBytes: upload.receivedBytes };
  }

  async function stopWork({ work, row }: OpenUpload): Promise<void> {
    if (!work) return;
    if (!work.mayStop) throw new ClusterError('conflict', `The upload ${row.id} is just being finished.`);
    work.stop.abort();
    await work.done;
  }

  async function sweep(): Promise<void> {
    for (const upload of [...uploads.values()]) {
      if (upload.work || expiresAt(upload) > clock.now()) continue;
      await forget(upload);
      log.info({ upload: upload.row.id, receivedBytes: upload.receivedBytes }, 'An abandoned upload was removed');
    }
  }

  await load();
  return {
    async start(wanted) {
      checkWish(wanted);
      const own = ownedBy(wanted.owner);
      if (own.length >= limits.openPerOwner) throw tooManyUploads(own.length);
      if (sum(own.map(bytesOf)) + (wanted.sizeBytes ?? 0) > limits.bytesPerOwner) throw tooManyBytes(limits.bytesPerOwner);
      const toCome = [...uploads.values()].map((upload) => bytesOf(upload) - upload.receivedBytes);
      await checkFreeDisk(folder, (wanted.sizeBytes ?? 0) + sum(toCome));
      const now = clock.now();
      const row: UploadRow = {
        id: newId('upload', now),
        owner: wanted.owner,
        size_bytes: wanted.sizeBytes ?? null,
        digest: wanted.digest ?? null,
        created_at: now,
      };
      const upload: OpenUpload = { row, path: join(folder, row.id), receivedBytes: 0, touchedAt: now, hash: undefined, work: undefined };
      uploads.set(row.id, upload); // at once: others that start at the same time count it
      await database
        .transaction((transaction) => transaction.insertInto('uploads').values(row).execute())
        .catch((error: unknown) => {
          uploads.delete(row.id);
          throw error;
        });
      failpoint('upload.after_start');
      return toStatus(upload);
    },

    async append(id, owner, offset, bytes, signal) {
      const upload = find(id, owner);
      return alone(upload, true, (stop) => append(upload, offset, bytes, AbortSignal.any([signal, stop])));
    },

    status: async (id, owner) => toStatus(find(id, owner)),

    async finish(id, owner, { digest }) {
      const upload = find(id, owner);
      return alone(upload, false, () => finish(upload, digest));
    },

    async cancel(id, owner) {
      const upload = find(id, owner);
      await stopWork(upload);
      await alone(upload, false, () => forget(upload));
    },

    async run(signal) {
      while (!signal.aborted) {
        await sweep().catch((error: unknown) => log.warn({ err: error }, 'Abandoned uploads could not be removed'));
        await clock.sleep(SWEEP_EVERY_MS, signal).catch(() => {});
      }
    },
  };
}
