import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@cluster-ai/runtime';

const LOOK_EVERY_MS = 250;
const fileName = /^(.+?)(?:\.\d+)?\.log$/;

/** Which log a file belongs to: `control-plane.2.log` is a part of `control-plane`. */
export const logNameOf = (file: string): string | undefined => fileName.exec(file)?.[1];

/** The files of a folder's logs, oldest first. */
export async function listLogFiles(folder: string, name: string | undefined): Promise<readonly string[]> {
  const files = await readdir(folder).catch(() => []);
  const wanted = files.filter((file) => logNameOf(file) !== undefined && (name === undefined || logNameOf(file) === name));
  const dated = await Promise.all(wanted.map(async (file) => ({ path: join(folder, file), at: (await stat(join(folder, file))).mtimeMs })));
  return dated.sort((a, b) => a.at - b.at).map(({ path }) => path);
}

/** Whole lines from a byte on, and the byte after the last of them. */
export async function readLines(path: string, from: number): Promise<{ readonly lines: readonly string[]; readonly next: number }> {
  await using file = await open(path);
  const { size } = await file.stat();
  const begin = size < from ? 0 : from; // a file that was begun again is read from its start
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - begin), position: begin });
  const end = buffer.subarray(0, bytesRead).lastIndexOf(10) + 1;
  return { lines: buffer.subarray(0, end).toString('utf8').split('\n').slice(0, -1), next: begin + end };
}

export interface FollowDeps {
  readonly folder: string;
  readonly name: string | undefined;
  readonly clock: Clock;
  readonly onLine: (line: string) => void;
}

/** Hands over every line that is written from now on, also to files that are new, until the signal aborts. */
export async function followLogs({ folder, name, clock, onLine }: FollowDeps, signal: AbortSignal): Promise<void> {
  const read = new Map<string, number>();
  for (const path of await listLogFiles(folder, name)) read.set(path, (await stat(path)).size);
  while (!signal.aborted) {
    for (const path of await listLogFiles(folder, name)) {
      const { lines, next } = await readLines(path, read.get(path) ?? 0);
      read.set(path, next);
      for (const line of lines) onLine(line);
    }
    await clock.sleep(LOOK_EVERY_MS, signal).catch(() => {}); // the signal ends the loop
  }
}
