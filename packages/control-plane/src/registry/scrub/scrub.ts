import { ClusterError } from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import type { BlobStore } from '../../stores/blob-store.ts';
import type { Database } from '../../stores/database.ts';

export interface ScrubDependencies {
  readonly database: Database;
  readonly blobs: Pick<BlobStore, 'digestOf'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Of all blobs together; 0 reads none. */
  readonly bytesPerDay: number;
  /** Told after it is recorded. */
  readonly onDamaged?: (digest: string) => Promise<void>;
}

export interface Scrubber {
  /** Reads the blob that was not read for the longest time, if that was long ago. Gives how many bytes it read. */
  scrubNext(signal: AbortSignal): Promise<number>;
  run(signal: AbortSignal): Promise<void>;
}

const DAY_MS = 24 * 60 * 60_000;
const LOOK_EVERY_MS = 10 * 60_000;
/** One file is read at no more than this, so that requests never wait for the disk; between files it rests. */
const BYTES_PER_SECOND = 50_000_000;

/**
 * Reads blobs again, little by little, and marks those whose bytes have changed under us. Where it is in its round stands in the rows:
 * each blob's `verified_at`, so a restart goes on where the last run stopped.
 */
export function createScrubber({ database, blobs, clock, log, bytesPerDay, onDamaged = async () => {} }: ScrubDependencies): Scrubber {
  const findNext = () =>
    database.query
      .selectFrom('blobs')
      .select(['digest', 'size_bytes'])
      .where('location', '=', 'store')
      .where('damaged_at', 'is', null)
      .where('verified_at', '<=', clock.now() - DAY_MS)
      .orderBy('verified_at')
      .limit(1)
      .executeTakeFirst();

  const note = (digest: string, what: { readonly verified_at: number } | { readonly damaged_at: number }) =>
    database.transaction((transaction) => transaction.updateTable('blobs').set(what).where('digest', '=', digest).executeTakeFirst(), {
      durability: 'normal',
    });

  async function scrubNext(signal: AbortSignal): Promise<number> {
    const next = await findNext();
    if (!next) return 0;
    const { digest, size_bytes: sizeBytes } = next;
    const found = await blobs.digestOf(digest, { signal, bytesPerSecond: BYTES_PER_SECOND }).catch((error: unknown) => {
      if (signal.aborted) throw new ClusterError('cancelled', 'The reading of blobs was stopped.', { cause: error });
      log.warn({ digest, err: error }, 'The bytes of a blob cannot be read');
      return undefined; // a disk that gives no bytes has not kept them
    });
    if (found === digest) await note(digest, { verified_at: clock.now() });
    else if ((await note(digest, { damaged_at: clock.now() })).numUpdatedRows > 0n) {
      log.error({ digest }, 'The bytes of a blob are damaged: put them back by importing or uploading the file again');
      await onDamaged(digest);
    }
    return sizeBytes;
  }

  return {
    scrubNext,
    async run(signal) {
      if (bytesPerDay === 0) return;
      while (!signal.aborted) {
        const readBytes = await scrubNext(signal).catch((error: unknown) => {
          if (!signal.aborted) log.warn({ err: error }, 'Blobs could not be read again');
          return 0;
        });
        const restMs = readBytes === 0 ? LOOK_EVERY_MS : (readBytes / bytesPerDay) * DAY_MS;
        await clock.sleep(restMs, signal).catch(() => {});
      }
    },
  };
}
