import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** Small enough that the agent's other work never waits for long: hashing blocks. */
const CHUNK_BYTES = 256 * 1024;

/** Adds a file's bytes to a hash; `onBytes` hears how many were read so far. */
export async function addFileToHash(hash: Hash, path: string, onBytes: (bytes: number) => void, signal: AbortSignal): Promise<void> {
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES, signal })) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    onBytes(bytes);
  }
}

export const toDigest = (hash: Hash): string => `sha256:${hash.digest('hex')}`;

export async function hashFile(path: string, onBytes: (bytes: number) => void, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await addFileToHash(hash, path, onBytes, signal);
  return toDigest(hash);
}
