import type { BigIntStats } from 'node:fs';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@cluster-ai/runtime';

/** What makes a file the same file, unchanged: where it lies, how long it is and when it was last written, to the nanosecond. */
type Fingerprint = string;

const MAX_REMEMBERED = 1000;
const FILE_NAME = 'verified.json';

export interface VerifiedFiles {
  /** Whether these bytes were hashed to this digest before and nobody touched the file since. */
  has(path: string, digest: string): Promise<boolean>;
  add(path: string, digest: string): Promise<void>;
}

const toFingerprint = ({ dev, ino, size, mtimeNs }: BigIntStats, digest: string): Fingerprint =>
  [dev, ino, size, mtimeNs, digest].join(':');

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Without a readable list we only hash once more. */
async function readList(path: string): Promise<Map<string, Fingerprint>> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    const entries = isRecord(value) ? Object.entries(value) : [];
    return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch {
    return new Map();
  }
}

/** Remembers, over restarts, which files were checked: hashing tens of gigabytes takes a minute, asking for a file's times does not. */
export function openVerifiedFiles(folder: string, log: Logger): VerifiedFiles {
  const path = join(folder, FILE_NAME);
  const list = readList(path);
  let writing: Promise<void> = Promise.resolve();
  const write = async () => {
    try {
      await writeFile(`${path}.new`, JSON.stringify(Object.fromEntries(await list)), { mode: 0o600 });
      await rename(`${path}.new`, path);
    } catch (error) {
      log.warn({ path, error: String(error) }, 'The list of checked files could not be written; they are hashed again after a restart');
    }
  };
  return {
    async has(file, digest) {
      const known = (await list).get(file);
      return known !== undefined && known === toFingerprint(await stat(file, { bigint: true }), digest);
    },
    async add(file, digest) {
      const known = await list;
      known.delete(file);
      known.set(file, toFingerprint(await stat(file, { bigint: true }), digest));
      const [oldest] = known.keys();
      if (known.size > MAX_REMEMBERED && oldest !== undefined) known.delete(oldest);
      writing = writing.then(write);
      await writing;
    },
  };
}
