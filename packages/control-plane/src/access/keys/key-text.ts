import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

/*
 * `cai_sk_<id>_<secret><check>`: an id to look it up by, 256 random bits, and a checksum by which scanners for leaked keys (and we) tell a key from
 * text that only looks like one. A secret of 256 random bits needs no slow hash.
 */

const prefix = 'cai_sk_';
const idPattern = '[a-z0-9]{8}';
const secretLength = 43;
const checkLength = 6;
const keyPattern = new RegExp(`^${prefix}(${idPattern})_([A-Za-z0-9_-]{${secretLength}})([A-Za-z0-9_-]{${checkLength}})$`);

export interface KeyText {
  readonly id: string;
  readonly secretHash: Buffer;
}

const checkOf = (text: string) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(text));
  return bytes.toString('base64url');
};

export const hashSecret = (secret: string): Buffer => hash('sha256', secret, 'buffer'); // in one call: it is in the way of each request

const idAlphabet = 'abcdefghijklmnopqrstuvwxyz234567';
const newKeyId = () => [...randomBytes(8)].map((byte) => idAlphabet[byte % idAlphabet.length]).join('');

/** A new key; what is stored of it is its id and the hash. */
export function makeKeyText(): KeyText & { readonly text: string } {
  const id = newKeyId();
  const secret = randomBytes(32).toString('base64url');
  return { id, secretHash: hashSecret(secret), text: `${prefix}${id}_${secret}${checkOf(`${id}${secret}`)}` };
}

/** How a key begins: enough to recognise it in a list. */
export const keyPrefix = (id: string) => `${prefix}${id}`;

/** Whether somebody meant to send a key of ours, right or wrong. */
export const looksLikeKey = (text: string) => text.startsWith(prefix);

/** Undefined for anything that we never made. */
export function parseKeyText(text: string): KeyText | undefined {
  const [, id, secret, check] = keyPattern.exec(text) ?? [];
  if (id === undefined || secret === undefined || check !== checkOf(`${id}${secret}`)) return undefined;
  return { id, secretHash: hashSecret(secret) };
}

export const isSameHash = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);
