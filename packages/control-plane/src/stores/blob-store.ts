export interface StagedBlob extends AsyncDisposable {
  readonly digest: string;
  readonly sizeBytes: number;
  /** How the bytes came here: only `copied` takes space a second time. */
  readonly means: 'cloned' | 'linked' | 'copied';
  /** Puts the bytes at their place and marks them unsettled. Does nothing when they are there already. */
  place(): Promise<void>;
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
  /** Where the bytes of a digest are, or would be. Throws `invalid_request` when it is no digest. */
  pathOf(digest: string): string;
  /** `undefined` when the bytes are not here. */
  sizeOf(digest: string): Promise<number | undefined>;
  /**
   * Takes a file in without showing it yet: as a clone or hard link where the file system can do that, else as a copy. Throws
   * `disk_full`, `data_folder_unwritable`, `file_not_found`, `cancelled`, or `invalid_model_file` when somebody writes to it meanwhile.
   */
  stage(path: string, signal: AbortSignal): Promise<StagedBlob>;
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
