import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';

const readNumber = (path: string): number | undefined => {
  try {
    const value = Number(readFileSync(path, 'utf8').trim());
    return Number.isFinite(value) ? value : undefined; // "max" means no limit
  } catch {
    return undefined;
  }
};

function readCacheBytes(path: string): number {
  try {
    return Number(/^inactive_file (\d+)$/m.exec(readFileSync(path, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** What a control group (version 2) leaves free. Cached file pages can be given back, so they do not count as used. */
export function freeInGroup(folder: string): number | undefined {
  const limit = readNumber(`${folder}/memory.max`);
  const used = readNumber(`${folder}/memory.current`);
  if (limit === undefined || used === undefined || limit > totalmem()) return undefined;
  return Math.max(0, limit - used + readCacheBytes(`${folder}/memory.stat`));
}

/** Bytes that a new process could take now: what the machine has, and no more than its control group allows. */
export function availableMemoryBytes(groupFolder = '/sys/fs/cgroup'): number {
  return Math.min(freemem(), freeInGroup(groupFolder) ?? Number.POSITIVE_INFINITY);
}
