import { type FileHandle, open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import type { ByteRange } from '../../stores/blob-store.ts';
import { createFairTurns } from './fair-turns.ts';

/** Two of these a reader: a hundred of them must fit into memory. */
const CHUNK_BYTES = 256 * 1024;
/** For all readers together. Copying so many to sockets takes about a millisecond; a question needs some ten turns of the event loop. */
const CHUNKS_IN_TURN = 4;
const takeSharedTurn = createFairTurns(CHUNKS_IN_TURN);

/** Fills the buffer from the file; fewer bytes only at its end. */
async function fill(file: FileHandle, buffer: Buffer, position: number, length: number): Promise<Buffer> {
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) throw new Error('The file is shorter than its blob.');
    filled += bytesRead;
  }
  return buffer.subarray(0, length);
}

/** Resolves when the bytes have left and the buffer is free again; rejects when the reader goes away before. */
const write = (target: Writable, bytes: Buffer) =>
  new Promise<void>((resolve, reject) => {
    const closed = () => reject(new Error('The reader went away.'));
    target.once('close', closed);
    target.write(bytes, (error) => {
      target.off('close', closed);
      if (error) reject(error);
      else resolve();
    });
  });

/**
 * Writes a range of a file to a socket. Node has no `sendfile`, so this is as few copies as it allows: two buffers, used again and again,
 * one being read into while the other leaves. Each part waits for its turn among those of all other readers. Rejects when the file or the
 * reader ends early.
 */
export async function sendFile(path: string, { from, to }: ByteRange, target: Writable, takeTurn = takeSharedTurn): Promise<void> {
  await using file = await open(path);
  const buffers = [0, 1].map(() => Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, to - from + 1)));
  let leaving: Promise<void> = Promise.resolve();
  for (let at = from, turn = 0; at <= to; turn++) {
    const buffer = buffers[turn % 2];
    if (!buffer) break;
    const bytes = await fill(file, buffer, at, Math.min(buffer.length, to - at + 1));
    await leaving;
    await takeTurn();
    leaving = write(target, bytes);
    leaving.catch(() => {}); // awaited in the next turn
    at += bytes.length;
  }
  await leaving;
}
