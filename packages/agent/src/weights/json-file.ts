import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Logger } from '@cluster-ai/runtime';

/** A small file that we can do without: unreadable is empty, and a failure to write is only logged. */
export interface JsonFile {
  read(): Promise<unknown>;
  /** Calls that come while one is written share the next write. Resolves when it is on its way to the disk. */
  write(toValue: () => unknown): Promise<void>;
}

export function openJsonFile(path: string, whatIsLost: string, log: Logger): JsonFile {
  let writing: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  const write = async (toValue: () => unknown) => {
    next = undefined;
    try {
      await writeFile(`${path}.new`, JSON.stringify(toValue()), { mode: 0o600 });
      await rename(`${path}.new`, path);
    } catch (error) {
      log.warn({ path, error: String(error), whatIsLost }, 'A list of the weights cache could not be written');
    }
  };
  return {
    read: async () => {
      try {
        return JSON.parse(await readFile(path, 'utf8')) as unknown;
      } catch {
        return undefined;
      }
    },
    write(toValue) {
      next ??= writing = writing.then(() => write(toValue));
      return next;
    },
  };
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
