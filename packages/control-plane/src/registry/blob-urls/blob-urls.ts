export interface BlobUrlWish {
  readonly digest: string;
  /** What a browser should call the file. */
  readonly fileName?: string;
  readonly forMs: number;
  /** What it was given for, such as `ollama:pull:lab/qwen`; it stands in the address and in nobody's way. */
  readonly scope: string;
}

export interface OpenedBlobUrl {
  readonly digest: string;
  readonly fileName: string | undefined;
  readonly scope: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** Addresses that are a right by themselves: to read one digest, for a short time, without a credential. */
export interface BlobUrls {
  /** Path and query, from the root of each listener. Throws `invalid_request` for what is no digest. */
  sign(wish: BlobUrlWish): Promise<string>;
  /** Throws `forbidden` for an address that we did not make, whatever of it was changed, and `link_invalid` for one that has expired. */
  open(url: string): Promise<OpenedBlobUrl>;
}
