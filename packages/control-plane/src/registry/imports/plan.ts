/** Bytes that a source holds, by an address that may need a fresh proof of who asks. */
export interface RemoteFile {
  readonly url: string;
  /** Headers that prove who asks. `challenge` is what the source answered to the last ones, where it refused them. */
  readonly authorize?: (challenge: string | undefined, signal: AbortSignal) => Promise<Readonly<Record<string, string>>>;
}

/** Where the bytes of a file come from: elsewhere, this machine's disk, or the plan itself. */
export type FileOrigin =
  | { readonly kind: 'remote'; readonly remote: RemoteFile }
  | { readonly kind: 'local'; readonly path: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array };

export interface PlannedFile {
  /** Inside the version; made by us or checked by `toSafePath`. */
  readonly path: string;
  readonly mediaType: string;
  /** What the source says; the bytes are held to it. */
  readonly sizeBytes: number | null;
  /** `sha256:…` where the source names one; the bytes are held to it. */
  readonly digest: string | null;
  /** The name under which Git keeps a small file (SHA-1 over its length and bytes), where the source has nothing better. */
  readonly gitId?: string;
  readonly origin: FileOrigin;
}

/** One of several sizes of the same model. */
export interface FileChoice {
  readonly file: string;
  readonly sizeBytes: number;
  readonly isChosen: boolean;
}

/** What an import would bring. */
export interface ImportPlan {
  readonly files: readonly PlannedFile[];
  /** A model's name here, and its alias. */
  readonly suggestedName: string;
  readonly suggestedAlias: string;
  /** For people: where it came from. */
  readonly source: string;
  readonly choices?: readonly FileChoice[];
}

export interface SourceRequest {
  readonly reference: string;
  /** Which file or quantization, where somebody chose. */
  readonly file?: string | undefined;
  readonly digest?: string | undefined;
}

/** A place that models come from. Trusts nothing of what it is told: see design.md. */
export interface Source {
  /** Throws `source_not_found`, `source_refused`, `invalid_request`, `address_refused`, `remote_failed`, `unauthorized`. */
  resolve(request: SourceRequest, signal: AbortSignal): Promise<ImportPlan>;
}

/** What a version calls its files when they have a meaning for us. */
export const fileTypes = {
  gguf: 'application/vnd.cluster-ai.model.gguf',
  safetensors: 'application/vnd.cluster-ai.model.safetensors',
  onnx: 'application/vnd.cluster-ai.model.onnx',
  other: 'application/octet-stream',
  json: 'application/json',
  text: 'text/plain',
} as const;
