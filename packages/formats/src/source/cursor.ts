import { type ByteSource, OutsideOfSource } from './byte-source.ts';

const WINDOW_BYTES = 64 * 1024;

/** Reads a source front to back through one small window. Every read that leads beyond the end throws OutsideOfSource. */
export class Cursor {
  #source: ByteSource;
  #window: Buffer = Buffer.alloc(0);
  #windowAt = 0;
  #position: number;

  constructor(source: ByteSource, position = 0) {
    this.#source = source;
    this.#position = position;
  }

  get position(): number {
    return this.#position;
  }

  get remaining(): number {
    return this.#source.sizeBytes - this.#position;
  }

  /** The next bytes, which must be there. What is larger than the window is read for itself. */
  bytes(length: number): Buffer {
    if (length > this.remaining || length < 0) throw new OutsideOfSource(this.#position, length, this.#source.sizeBytes);
    const bytes = length > WINDOW_BYTES ? this.#source.read(this.#position, length) : this.#fromWindow(length);
    this.#position += length;
    return bytes;
  }

  #fromWindow(length: number): Buffer {
    const from = this.#position - this.#windowAt;
    if (from >= 0 && from + length <= this.#window.length) return this.#window.subarray(from, from + length);
    this.#window = this.#source.read(this.#position, Math.min(WINDOW_BYTES, this.remaining));
    this.#windowAt = this.#position;
    return this.#window.subarray(0, length);
  }

  u8(): number {
    const from = this.#position - this.#windowAt;
    const known = from >= 0 ? this.#window[from] : undefined;
    if (known === undefined) return this.bytes(1).readUInt8();
    this.#position++;
    return known;
  }

  u16(): number {
    return this.bytes(2).readUInt16LE();
  }

  u32(): number {
    return this.bytes(4).readUInt32LE();
  }

  i32(): number {
    return this.bytes(4).readInt32LE();
  }

  u64(): bigint {
    return this.bytes(8).readBigUInt64LE();
  }

  skip(length: number): void {
    if (!(length >= 0 && length <= this.remaining)) throw new OutsideOfSource(this.#position, length, this.#source.sizeBytes);
    this.#position += length;
  }

  /** Up to a line feed, without it; at most so many bytes, or it throws. */
  line(maxBytes: number): Buffer {
    const pieces: Buffer[] = [];
    for (let length = 0; ; ) {
      const piece = this.bytes(Math.min(256, this.remaining, maxBytes + 1 - length) || 1);
      const end = piece.indexOf(10);
      pieces.push(end < 0 ? piece : piece.subarray(0, end));
      if (end >= 0) {
        this.#position -= piece.length - end - 1;
        return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
      }
      length += piece.length;
      if (length > maxBytes) throw new OutsideOfSource(this.#position, maxBytes, this.#source.sizeBytes);
    }
  }
}
