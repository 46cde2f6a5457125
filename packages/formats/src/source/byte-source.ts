import { readSync } from 'node:fs';

/** Somebody asked for bytes that are not there: always the file's own claim, never taken at its word. */
export class OutsideOfSource extends Error {
  constructor(offset: number, length: number, sizeBytes: number) {
    super(`bytes ${offset} to ${offset + length} of ${sizeBytes}`);
  }
}

/** Whether something thrown says that bytes end too early: of a source, or of a piece of one that was read as a whole. */
export const isOutside = (error: unknown): error is Error =>
  error instanceof OutsideOfSource || (error instanceof RangeError && 'code' in error && outsideOfPiece.has(error.code));

/** What Node's buffers throw there. */
const outsideOfPiece: ReadonlySet<unknown> = new Set(['ERR_OUT_OF_RANGE', 'ERR_BUFFER_OUT_OF_BOUNDS']);

/** Bytes that can be read at any place. The only way in which an inspection reads anything. */
export interface ByteSource {
  readonly sizeBytes: number;
  /** Exactly these bytes, good until the caller is done with them. Throws OutsideOfSource, before it takes any memory. */
  read(offset: number, length: number): Buffer;
}

/** Fills the buffer from this place of what lies below, and says how many bytes it got; 0 only at the end. */
type ReadInto = (target: Buffer, offset: number) => number;

/** A source of so many bytes over anything that can be read at a place. */
export function boundSource(sizeBytes: number, readInto: ReadInto): ByteSource {
  return {
    sizeBytes,
    read: (offset, length) => {
      checkRange(offset, length, sizeBytes);
      const bytes = Buffer.allocUnsafe(length);
      for (let filled = 0; filled < length; ) {
        const got = readInto(bytes.subarray(filled), offset + filled);
        if (got === 0) throw new OutsideOfSource(offset, length, offset + filled); // it was cut while we read
        filled += got;
      }
      return bytes;
    },
  };
}

function checkRange(offset: number, length: number, sizeBytes: number): void {
  const isInside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (!isInside || offset + length > sizeBytes) throw new OutsideOfSource(offset, length, sizeBytes);
}

export const fileSource = (descriptor: number, sizeBytes: number): ByteSource =>
  boundSource(sizeBytes, (target, offset) => readSync(descriptor, target, 0, target.length, offset));

export const bufferSource = (bytes: Buffer): ByteSource => ({
  sizeBytes: bytes.length,
  read: (offset, length) => {
    checkRange(offset, length, bytes.length);
    return bytes.subarray(offset, offset + length);
  },
});

/** A part of another source, which cannot be read beyond. Throws OutsideOfSource when it does not lie inside. */
export function sliceSource(whole: ByteSource, start: number, sizeBytes: number): ByteSource {
  checkRange(start, sizeBytes, whole.sizeBytes);
  return {
    sizeBytes,
    read: (offset, length) => {
      checkRange(offset, length, sizeBytes);
      return whole.read(start + offset, length);
    },
  };
}
