import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const FORMAT = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const VERSION_BYTES = 4;

/** Where sealed bytes lie. They open there and nowhere else. */
export interface SealContext {
  readonly table: string;
  readonly column: string;
  readonly row: string;
}

/** Which key sealed them. */
export interface SealHeader {
  readonly purpose: string;
  readonly version: number;
}

/** As JSON, so that no row's name can pretend to be a part of another place. */
const toAssociatedData = ({ table, column, row }: SealContext, { purpose, version }: SealHeader) =>
  Buffer.from(JSON.stringify([table, column, row, purpose, version]), 'utf8');

function toHeaderBytes({ purpose, version }: SealHeader): Buffer {
  const name = Buffer.from(purpose, 'utf8');
  if (name.length === 0 || name.length > 255) throw new Error(`"${purpose}" cannot be the purpose of a key.`);
  const header = Buffer.alloc(2 + name.length + VERSION_BYTES);
  header[0] = FORMAT;
  header[1] = name.length;
  name.copy(header, 2);
  header.writeUInt32BE(version, 2 + name.length);
  return header;
}

/** Format, purpose and version of the key, IV, tag, ciphertext. */
export function sealBytes(key: KeyObject, header: SealHeader, context: SealContext, plaintext: Uint8Array): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(toAssociatedData(context, header));
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return joinBytes([toHeaderBytes(header), iv, cipher.getAuthTag(), body]);
}

/** In memory of their own: small buffers share a pool, and a message to the thread of the database would carry all of that along. */
function joinBytes(parts: readonly Uint8Array[]): Buffer {
  const joined = Buffer.alloc(parts.reduce((length, part) => length + part.length, 0));
  let end = 0;
  for (const part of parts) {
    joined.set(part, end);
    end += part.length;
  }
  return joined;
}

/** `undefined` for bytes that nobody sealed. Nothing in it is proven until they have been opened. */
export function readSealHeader(sealed: Uint8Array): SealHeader | undefined {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const nameEnd = 2 + (bytes[1] ?? 0);
  if (bytes[0] !== FORMAT || nameEnd === 2 || bytes.length < nameEnd + VERSION_BYTES + IV_BYTES + TAG_BYTES) return undefined;
  return { purpose: bytes.toString('utf8', 2, nameEnd), version: bytes.readUInt32BE(nameEnd) };
}

/** `undefined` when they were changed, belong to another place, or were sealed with another key. */
export function openBytes(key: KeyObject, context: SealContext, sealed: Uint8Array): Buffer | undefined {
  const header = readSealHeader(sealed);
  if (header === undefined) return undefined;
  const start = toHeaderBytes(header).length;
  const [ivEnd, tagEnd] = [start + IV_BYTES, start + IV_BYTES + TAG_BYTES];
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(start, ivEnd), { authTagLength: TAG_BYTES });
  decipher.setAAD(toAssociatedData(context, header));
  decipher.setAuthTag(sealed.subarray(ivEnd, tagEnd));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(tagEnd)), decipher.final()]);
  } catch {
    return undefined;
  }
}
