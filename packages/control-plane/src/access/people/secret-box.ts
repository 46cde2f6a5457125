/** Seals what lies in the database for exactly one place there, and opens it again. Neither is called within a transaction. */
export interface SecretBox {
  seal(purpose: string, context: SealedPlace, plaintext: Uint8Array): Promise<Buffer>;
  /** Throws `secret_unreadable`. */
  open(purpose: string, context: SealedPlace, sealed: Uint8Array): Promise<Buffer>;
}
export interface SealedPlace {
  readonly table: string;
  readonly column: string;
  readonly row: string;
}
