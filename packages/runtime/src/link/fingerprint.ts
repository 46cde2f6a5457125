import { createHash, type KeyObject } from 'node:crypto';

const digest = (key: KeyObject) => createHash('sha256').update(key.export({ type: 'spki', format: 'der' }));

/** SHA-256 of a public key (SPKI), base64url: how a join token names the CA. */
export function fingerprintOf(publicKey: KeyObject): string {
  return digest(publicKey).digest('base64url');
}

/** The same in the words of curl's `--pinnedpubkey`. */
export function curlPinOf(publicKey: KeyObject): string {
  return `sha256//${digest(publicKey).digest('base64')}`;
}
