import { type Phrase, phrase, toEnglish } from '@cluster-ai/contracts';

const CHUNK_BYTES = 256 * 1024;
/** No known model has a header of more than some 30 MB; what is longer is not worth reading. */
const MAX_HEADER_BYTES = 128 * 1024 * 1024;

/** What is wrong with a header: a phrase, or for what hardly anybody meets the end of an English sentence about "it". */
export class HeaderProblem extends Error {
  readonly finding: Phrase;

  constructor(finding: string | Phrase) {
    const said = typeof finding === 'string' ? phrase('gguf_finding', { finding }) : finding;
    super(toEnglish(said));
    this.finding = said;
  }
}

/** A header that claims what no file can hold or no writer writes: made to break those who believe it. */
export class ImpossibleClaim extends HeaderProblem {}

/** What is read from: a file handle, or whatever answers like one. */
export interface ReadableBytes {
  read(target: Buffer, at: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
}

/**
 * Reads a file once, front to back, through one small window. Memory is never taken by what the file claims, only by what it holds:
 * `fill(n)` makes n bytes (at most one window) readable and fails where the file ends.
 */
export class BoundedReader {
  #handle: ReadableBytes;
  #window: Buffer;
  #start = 0;
  #end = 0;
  #windowAt = 0;
  readonly sizeBytes: number;

  constructor(handle: ReadableBytes, sizeBytes: number) {
    this.#handle = handle;
    this.#window = Buffer.alloc(Math.min(CHUNK_BYTES, sizeBytes));
    this.sizeBytes = sizeBytes;
  }

  /** Where the next byte comes from. */
  get position(): number {
    return this.#windowAt + this.#start;
  }

  /** Bytes between here and the end of the file. */
  get remaining(): number {
    return this.sizeBytes - this.position;
  }

  /** Bytes that can be read without asking the disk. */
  get buffered(): number {
    return this.#end - this.#start;
  }

  async fill(bytes: number, what: string): Promise<void> {
    if (this.buffered >= bytes) return;
    this.#check(bytes, what);
    this.#window.copyWithin(0, this.#start, this.#end);
    this.#windowAt += this.#start;
    this.#end -= this.#start;
    this.#start = 0;
    while (this.#end < bytes) {
      const { bytesRead } = await this.#handle.read(this.#window, this.#end, this.#window.length - this.#end, this.#windowAt + this.#end);
      if (bytesRead === 0) throw new HeaderProblem(phrase('gguf_ends_within', { byte: this.#windowAt + this.#end, what }));
      this.#end += bytesRead;
    }
  }

  skip(bytes: number, what: string): void {
    this.#check(bytes, what);
    if (bytes <= this.buffered) {
      this.#start += bytes;
      return;
    }
    this.#windowAt = this.position + bytes;
    this.#start = 0;
    this.#end = 0;
  }

  #check(bytes: number, what: string): void {
    if (bytes > this.remaining)
      throw new HeaderProblem(phrase('gguf_ends_before', { size: this.sizeBytes, what, position: this.position, bytes }));
    if (this.position + bytes > MAX_HEADER_BYTES)
      throw new ImpossibleClaim(`has a header of more than ${MAX_HEADER_BYTES / 1024 / 1024} MB, which no model needs`);
  }

  /** The next bytes as a view that is good until the next `fill`. */
  take(bytes: number): Buffer {
    const view = this.#window.subarray(this.#start, this.#start + bytes);
    this.#start += bytes;
    return view;
  }

  /** Exact up to 2^53; beyond that still larger than any file, which is all that a check needs. */
  takeU64(): number {
    const low = this.#window.readUInt32LE(this.#start);
    const high = this.#window.readUInt32LE(this.#start + 4);
    this.#start += 8;
    return high * 2 ** 32 + low;
  }

  /** Exact: for numbers that are counted with before they are compared. */
  takeBigU64(): bigint {
    const value = this.#window.readBigUInt64LE(this.#start);
    this.#start += 8;
    return value;
  }

  takeU32(): number {
    const value = this.#window.readUInt32LE(this.#start);
    this.#start += 4;
    return value;
  }
}
