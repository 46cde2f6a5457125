import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterError, isDigest } from '@cluster-ai/contracts';

const PART = '.part';
const fileName = /^sha256-([0-9a-f]{64})(\.part)?$/;

export interface KeptFile {
  /** What lies on the disk, or is about to. */
  readonly sizeBytes: number;
  /** False for what has come so far of a file that is still to be fetched. */
  readonly isWhole: boolean;
}

/** Where the bytes of a digest lie. Throws `invalid_request`: the digest becomes a file name, so nothing but a digest may pass. */
export function toPath(folder: string, digest: string): string {
  if (!isDigest(digest)) throw new ClusterError('invalid_request', 'The digest of the weights is not a SHA-256 digest.');
  return join(folder, digest.replace(':', '-'));
}

export const toPartPath = (path: string): string => `${path}${PART}`;

/** What lies there now; `undefined` for nothing. A whole file is one that was renamed, which happens after its digest was checked. */
export function readKept(folder: string, digest: string): KeptFile | undefined {
  const path = toPath(folder, digest);
  const whole = statSync(path, { throwIfNoEntry: false });
  if (whole?.isFile()) return { sizeBytes: whole.size, isWhole: true };
  const part = statSync(toPartPath(path), { throwIfNoEntry: false });
  return part?.isFile() ? { sizeBytes: part.size, isWhole: false } : undefined;
}

/** Everything in the folder, the oldest first. */
export function readFolder(folder: string): Map<string, KeptFile> {
  const found = readdirSync(folder).flatMap((name) => {
    const hex = fileName.exec(name)?.[1];
    const kept = hex === undefined ? undefined : readKept(folder, `sha256:${hex}`);
    return kept === undefined ? [] : [{ digest: `sha256:${hex}`, kept, mtimeMs: statSync(join(folder, name)).mtimeMs }];
  });
  return new Map(found.sort((a, b) => a.mtimeMs - b.mtimeMs).map(({ digest, kept }) => [digest, kept]));
}
