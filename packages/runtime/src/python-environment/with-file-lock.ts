import type { Clock } from '../clock.ts';

const askEveryMs = 500;

/**
 * Runs work while no other process does the same: control plane and agent of one machine share what they make. The lock is SQLite's own on
 * a file, which the system lets go of when its holder dies, however that happens.
 */
export async function withFileLock<T>(file: string, clock: Clock, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const { DatabaseSync } = await import('node:sqlite');
  const lock = new DatabaseSync(file);
  try {
    while (!tryLock(() => lock.exec('BEGIN EXCLUSIVE'))) await clock.sleep(askEveryMs, signal);
    return await work();
  } finally {
    lock.close();
  }
}

function tryLock(take: () => void): boolean {
  try {
    take();
    return true;
  } catch (error) {
    if (error instanceof Error && /locked|busy/i.test(error.message)) return false;
    throw error;
  }
}
