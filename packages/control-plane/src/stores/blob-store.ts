import type { Readable } from 'node:stream';

export interface StagedBlob extends AsyncDisposable {
  readonly digest: string;
  readonly sizeBytes: number;
  /** How the bytes came here: only `copied` takes space a second time. */
  readonly means: 'cloned' | 'linked' | 'copied';
  /** Whatever of placing takes long; call it before, outside of a transaction. */
  send(signal: AbortSignal): Promise<void>;
  /**
   * Puts the bytes at their place and marks them unsettled. Does nothing when bytes of that length are there already, unless those are known
   * to be damaged and are to be replaced.
   */
  place(options?: { readonly replace?: boolean }): Promise<void>;
}

/** From and to a byte, both included. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

export interface FileIdentity {
  readonly digest: string;
  readonly sizeBytes: number;
  /** Changes when somebody writes to the file. */
  readonly identity: string;
}

/**
 * Immutable bytes under their `sha256:` name. Files here and rows in the database cannot change in one step, so whoever is about to change
 * the rows marks the digest *unsettled* first, and settles it afterwards; what a crash leaves unsettled is settled at the next start.
 */
export interface BlobStore {
  /** A folder or an address, for people. */
  readonly place: string;
  /** A folder on a disk of this machine for partial uploads; on the disk of the blobs, where those lie in a folder. Kept over restarts. */
  readonly uploadsFolder: string;
  /** Where the bytes of a digest are, or would be: a file, or the address of an object. Throws `invalid_request` when it is no digest. */
  pathOf(digest: string): string;
  /** The same where it is a file of this machine. */
  filePathOf(digest: string): string | undefined;
  /** `undefined` when the bytes are not here. */
  sizeOf(digest: string): Promise<number | undefined>;
  /**
   * Takes a file in without showing it yet: as a clone or hard link where the file system can do that, else as a copy. Throws
   * `disk_full`, `data_folder_unwritable`, `file_not_found`, `cancelled`, or `invalid_model_file` when somebody writes to it meanwhile.
   */
  stage(path: string, signal: AbortSignal): Promise<StagedBlob>;
  /**
   * Stages a synced file of ours in `uploadsFolder` whose digest is known, without copying it. The file stays where it is, so that a crash
   * loses nothing of it; whoever made it removes it.
   */
  adopt(path: string, digest: string, sizeBytes: number): Promise<StagedBlob>;
  /** The bytes of a digest, or a range of them. Throws `blob_not_found`, or it fails while it is read. */
  read(digest: string, range?: ByteRange): Promise<Readable>;
  /** Reads all bytes, at most so many a second, and says what their digest is; `undefined` when they are not here. */
  digestOf(digest: string, options: { readonly signal: AbortSignal; readonly bytesPerSecond?: number }): Promise<string | undefined>;
  /** A name that was given to this store, so that a database knows whether it is its own; `undefined` where none was. */
  readLabel(): Promise<string | undefined>;
  writeLabel(label: string): Promise<void>;
  /** Every digest that has bytes here, a part at a time. */
  list(): AsyncIterable<readonly string[]>;
  /** An empty folder on the same disk, for files that are about to become something else. */
  makeWorkFolder(): Promise<AsyncDisposable & { readonly path: string }>;
  /** Hashes a file where it lies, to use it there. Throws as `stage` does. */
  identify(path: string, signal: AbortSignal): Promise<FileIdentity>;
  /** The identity of a file as it is now, by its attributes alone; `undefined` when there is no such file. */
  identityNow(path: string): Promise<string | undefined>;
  markUnsettled(digest: string): Promise<void>;
  unsettled(): Promise<readonly string[]>;
  /** Removes the mark, and the bytes too when nothing uses them. */
  settle(digest: string, isUsed: boolean): Promise<void>;
}
