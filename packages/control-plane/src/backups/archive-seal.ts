import { createHmac, createSecretKey, hkdfSync, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import type { MasterKey } from '../access/secrets/master-key.ts';
import { openBytes, sealBytes } from '../access/secrets/sealed-bytes.ts';

const HEADER = { purpose: 'backup', version: 1 };

/** What the manifest says about the keys of its archive. */
export interface ArchiveSeal {
  /** Which master key opens it. */
  readonly masterKeyId: string;
  /** Base64. Every archive has keys of its own. */
  readonly salt: string;
}

export interface ArchiveKeys {
  readonly files: KeyObject;
  readonly manifest: KeyObject;
}

export const newArchiveSeal = ({ id }: MasterKey): ArchiveSeal => ({ masterKeyId: id, salt: randomBytes(32).toString('base64') });

/** The keys of one archive: one that seals its secret files, one that proves its manifest and by that everything in it. */
export function deriveArchiveKeys({ key }: MasterKey, { salt }: ArchiveSeal): ArchiveKeys {
  const derive = (what: string) => createSecretKey(Buffer.from(hkdfSync('sha256', key, Buffer.from(salt, 'base64'), what, 32)));
  return { files: derive('cluster-ai backup files'), manifest: derive('cluster-ai backup manifest') };
}

const contextOf = (name: string) => ({ table: 'backup', column: 'file', row: name });

/** Opens under this name and in this archive, and nowhere else. */
export const sealFile = ({ files }: ArchiveKeys, name: string, content: Uint8Array): Buffer =>
  sealBytes(files, HEADER, contextOf(name), content);

export const openFile = ({ files }: ArchiveKeys, name: string, sealed: Uint8Array): Buffer | undefined =>
  openBytes(files, contextOf(name), sealed);

export const signManifest = (key: KeyObject, manifest: string): string => createHmac('sha256', key).update(manifest).digest('hex');

export function isSigned({ manifest: key }: ArchiveKeys, manifest: string, signature: string): boolean {
  const [wanted, found] = [Buffer.from(signManifest(key, manifest)), Buffer.from(signature)];
  return wanted.length === found.length && timingSafeEqual(wanted, found);
}
