import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Logger } from '@cluster-ai/runtime';
import { isRecord, openJsonFile } from './json-file.ts';

/** What makes a file the same file, unchanged: where it lies, how long it is and when it was last written, to the nanosecond. */
type Fingerprint = string;

interface Check {
  readonly fingerprint: Fingerprint;
  readonly checkedAt: number;
}

const MAX_REMEMBERED = 1000;
/** Disks lose bits without anybody writing: what was not hashed for this long is hashed again. Scrubbing comes before that. */
export const TRUSTED_FOR_MS = 30 * 24 * 3_600_000;

export interface VerifiedFiles {
  /** Whether these bytes were hashed to this digest lately and nobody touched the file since. */
  has(path: string, digest: string): Promise<boolean>;
  add(path: string, digest: string): Promise<void>;
  forget(path: string): Promise<void>;
  /** When the file was last hashed; 0 for never. */
  checkedAt(path: string): Promise<number>;
}

const toFingerprint = ({ dev, ino, size, mtimeNs }: BigIntStats, digest: string): Fingerprint =>
  [dev, ino, size, mtimeNs, digest].join(':');

const isCheck = (value: unknown): value is Check =>
  isRecord(value) && typeof value['fingerprint'] === 'string' && typeof value['checkedAt'] === 'number';

const toChecks = (value: unknown) =>
  new Map(isRecord(value) ? Object.entries(value).filter((entry): entry is [string, Check] => isCheck(entry[1])) : []);

/** Remembers, over restarts, which files were checked: hashing tens of gigabytes takes a minute, asking for a file's times does not. */
export function openVerifiedFiles(folder: string, clock: Clock, log: Logger): VerifiedFiles {
  const file = openJsonFile(join(folder, 'verified.json'), 'Checked files are hashed again after a restart', log);
  const list = file.read().then(toChecks);
  const save = async () => {
    const known = await list;
    await file.write(() => Object.fromEntries(known));
  };
  return {
    async has(path, digest) {
      const known = (await list).get(path);
      if (known === undefined || clock.now() - known.checkedAt > TRUSTED_FOR_MS) return false;
      return known.fingerprint === toFingerprint(await stat(path, { bigint: true }), digest);
    },
    async add(path, digest) {
      const known = await list;
      known.delete(path);
      known.set(path, { fingerprint: toFingerprint(await stat(path, { bigint: true }), digest), checkedAt: clock.now() });
      const [oldest] = known.keys();
      if (known.size > MAX_REMEMBERED && oldest !== undefined) known.delete(oldest);
      await save();
    },
    async forget(path) {
      if ((await list).delete(path)) await save();
    },
    checkedAt: async (path) => (await list).get(path)?.checkedAt ?? 0,
  };
}
