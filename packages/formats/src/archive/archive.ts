import type { ByteSource } from '../source/byte-source.ts';

/** A file in an archive. */
export interface Member {
  readonly name: string;
  /** Its bytes; `undefined` when they cannot be had, which was told then. */
  open(): ByteSource | undefined;
}
