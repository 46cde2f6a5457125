import type { Hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { ClusterError } from '@cluster-ai/contracts';
import { failpoint } from '@cluster-ai/runtime';

/** So much of one upload is in memory at most, twice: what is being written, and what comes meanwhile. */
const BATCH_BYTES = 256 * 1024;
/** A client may send a byte at a time; each piece costs more than its bytes. */
const BATCH_PIECES = 1000;

export interface AppendOptions {
  readonly path: string;
  readonly offset: number;
  /** Asked before each batch; throws when no more may come. */
  readonly allow: (moreBytes: number) => void;
  /** What has arrived before, so that the whole need not be read again at the end. */
  readonly hash: Hash | undefined;
  readonly signal: AbortSignal;
}

/** Why an append ended early, and how many bytes of it lie in the file all the same. */
export interface AppendResult {
  readonly writtenBytes: number;
  readonly failure?: unknown;
}

const cancelled = (cause?: unknown) =>
  new ClusterError('cancelled', 'The upload was interrupted; what has arrived is kept.', {
    hint: 'Ask how far it is, and go on from there.',
    cause,
  });

/** The next piece, or `cancelled` as soon as the signal says so: who sends slowly is not waited for. */
function nextPiece(pieces: AsyncIterator<Uint8Array>, signal: AbortSignal): Promise<IteratorResult<Uint8Array>> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(cancelled());
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    pieces
      .next()
      .then(resolve, (cause: unknown) => reject(cancelled(cause))) // the sender's end, not our disk
      .finally(() => signal.removeEventListener('abort', stop));
  });
}

/**
 * Writes the stream to the file from the offset on, while the next bytes come. Never throws: whatever ends the stream, what was written
 * before stays, and the caller decides about it.
 */
export async function appendToFile(bytes: AsyncIterable<Uint8Array>, options: AppendOptions): Promise<AppendResult> {
  const { path, offset, allow, hash, signal } = options;
  let writtenBytes = 0;
  let batch: Uint8Array[] = [];
  let batchBytes = 0;
  try {
    await using handle = await open(path, 'a', 0o600); // made when it is not there; whatever lies beyond the offset was cut off before
    let writing: Promise<void> = Promise.resolve();
    const write = async (pieces: readonly Uint8Array[], sizeBytes: number) => {
      const { bytesWritten } = await handle.writev([...pieces]);
      if (bytesWritten !== sizeBytes) await handle.appendFile(Buffer.concat(pieces).subarray(bytesWritten)); // a nearly full disk
      for (const piece of pieces) hash?.update(piece);
      writtenBytes += sizeBytes;
      failpoint('upload.after_write');
    };
    const flush = async () => {
      await writing;
      if (batchBytes === 0) return;
      allow(offset + writtenBytes + batchBytes);
      writing = write(batch, batchBytes);
      writing.catch(() => {}); // awaited at the next flush, or below
      batch = [];
      batchBytes = 0;
    };
    try {
      const pieces = bytes[Symbol.asyncIterator]();
      for (let next = await nextPiece(pieces, signal); !next.done; next = await nextPiece(pieces, signal)) {
        batch.push(next.value);
        batchBytes += next.value.length;
        if (batchBytes >= BATCH_BYTES || batch.length >= BATCH_PIECES) await flush();
      }
    } finally {
      await writing;
      await flush();
      await writing;
    }
    return { writtenBytes };
  } catch (failure) {
    return { writtenBytes, failure };
  }
}
