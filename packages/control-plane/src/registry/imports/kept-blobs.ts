import { createHash } from 'node:crypto';
import { open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ClusterError, isDigest, phrase } from '@cluster-ai/contracts';
import { newId } from '@cluster-ai/runtime';
import { isFileError, toFolderError } from '../../stores/fs/file-errors.ts';
import type { Registry } from '../registry.ts';
import { checkFreeSpace } from './fetch/free-space.ts';

/** Bytes that somebody sent and no version uses yet. */
export interface KeptBlobs {
  /** Where they lie, of those or of the registry's; `undefined` when nobody has them. Throws `invalid_request` when it is no digest. */
  find(digest: string): Promise<{ readonly path: string; readonly isOfRegistry: boolean } | undefined>;
  /** Takes bytes in that must have this digest. Throws `digest_mismatch`, `disk_full`, `source_refused` when there are more than `mostBytes`. */
  put(digest: string, bytes: AsyncIterable<Uint8Array>, sizeBytes: number | undefined, signal: AbortSignal): Promise<void>;
}

interface KeptBlobsOptions {
  readonly registry: Pick<Registry, 'locateBlob'>;
  readonly folder: string;
  readonly mostBytes: number;
}

export function createKeptBlobs({ registry, folder, mostBytes }: KeptBlobsOptions): KeptBlobs {
  function pathOf(digest: string): string {
    if (!isDigest(digest))
      throw new ClusterError('invalid_request', 'A digest is written sha256: and 64 hexadecimal digits.', { param: 'digest' });
    return join(folder, `kept-${digest.slice('sha256:'.length)}`);
  }

  async function write(path: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<string> {
    const hash = createHash('sha256');
    const handle = await open(path, 'wx', 0o600);
    try {
      let length = 0;
      for await (const piece of bytes) {
        signal.throwIfAborted();
        length += piece.length;
        if (length > mostBytes) throw new ClusterError('payload_too_large', `More than ${mostBytes} bytes are not taken.`);
        for (let done = 0; done < piece.length; ) done += (await handle.write(piece, done)).bytesWritten;
        hash.update(piece);
      }
      await handle.sync();
      return `sha256:${hash.digest('hex')}`;
    } finally {
      await handle.close();
    }
  }

  return {
    async find(digest) {
      const path = pathOf(digest);
      const located = await registry.locateBlob(digest);
      if (located !== undefined) return { path: located.path, isOfRegistry: true };
      return (await stat(path).catch(() => undefined)) === undefined ? undefined : { path, isOfRegistry: false };
    },

    async put(digest, bytes, sizeBytes, signal) {
      const path = pathOf(digest);
      await checkFreeSpace(folder, sizeBytes ?? 0);
      const coming = join(folder, newId('coming'));
      try {
        const actual = await write(coming, bytes, signal);
        if (actual !== digest)
          throw new ClusterError('digest_mismatch', phrase('source_sent_other_bytes', { path: 'the blob', expected: digest, actual }), {
            param: 'digest',
          });
        await rename(coming, path);
      } catch (error) {
        await rm(coming, { force: true });
        throw isFileError(error) ? toFolderError(error, folder) : error;
      }
    },
  };
}
