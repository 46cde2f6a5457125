export interface UploadStatus {
  readonly id: string;
  /** How many bytes have arrived: where the next append begins. */
  readonly offset: number;
  /** As it was announced; null where nothing was. */
  readonly sizeBytes: number | null;
  /** Epoch milliseconds. Each append moves it. */
  readonly expiresAt: number;
}

export interface StoredBlob {
  readonly digest: string;
  readonly sizeBytes: number;
}

export interface StartUpload {
  /** Who uploads: nobody else sees, continues or ends it. */
  readonly owner: string;
  readonly sizeBytes?: number;
  /** What the bytes must come to. `finish` may say it instead. */
  readonly digest?: string;
}

/**
 * Bytes on their way in, resumable: also after a restart or a `kill -9` of this process. What belongs to somebody else, has ended or has
 * expired is `upload_not_found`, whatever the method.
 */
export interface Uploads {
  /** Throws `quota_exceeded`, `disk_full` when what was announced does not fit, `invalid_request`, `data_folder_unwritable`. */
  start(wanted: StartUpload): Promise<UploadStatus>;
  /**
   * Appends at `offset`, streaming to the disk. What arrived before a cut stays. Throws `range_not_satisfiable` for another offset than the
   * current one, `conflict` while something else is done to the same upload, and, with nothing of this append kept: `payload_too_large`
   * for more bytes than announced, `quota_exceeded`, `disk_full`.
   */
  append(id: string, owner: string, offset: number, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<UploadStatus>;
  status(id: string, owner: string): Promise<UploadStatus>;
  /**
   * Makes it a blob: fsync of the file, rename, fsync of the folder, then its row and a lease for `owner` in one transaction. Only then it
   * resolves. Throws `invalid_request` while bytes are missing, and `digest_mismatch`, which also ends the upload.
   */
  finish(id: string, owner: string, wanted: { readonly digest?: string }): Promise<StoredBlob>;
  /** Ends it and forgets its bytes; an append that is under way ends with `cancelled`. */
  cancel(id: string, owner: string): Promise<void>;
  /** Removes abandoned uploads until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}
