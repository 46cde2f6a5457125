import { execFile } from 'node:child_process';
import { readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Clock, DataFolder } from '@cluster-ai/runtime';
import { z } from 'zod';

const recordShape = z.object({ name: z.string(), pid: z.int(), identity: z.string() });
type ProcessRecord = z.infer<typeof recordShape>;

const END_BY_THEMSELVES_MS = 3000;
const LOOK_EVERY_MS = 50;

const recordsPath = (folder: DataFolder) => join(folder.run, 'processes.json');

/**
 * What tells a process from a later one with the same id: the boot, the moment it started, and the program file. Not its command
 * line, which a process may rewrite. `undefined` when there is no such process.
 */
export async function identify(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
    return stdout.trim() || undefined;
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const [state, ...fields] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  if (state === undefined || state === 'Z') return undefined; // a zombie holds nothing any more
  const [boot, program] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    readlink(`/proc/${pid}/exe`).catch(() => 'somebody else’s'),
  ]);
  return `${boot.trim()} ${fields[18]} ${program}`;
}

async function readRecords(folder: DataFolder): Promise<readonly ProcessRecord[]> {
  const text = await readFile(recordsPath(folder), 'utf8').catch(() => '[]');
  const parsed = z.array(recordShape).safeParse(JSON.parse(text.trim() || '[]'));
  return parsed.success ? parsed.data : [];
}

/** Remembers on disk which processes are ours, so that the next start can end what a `kill -9` left behind. */
export function createProcessRecords(folder: DataFolder) {
  const records = new Map<string, ProcessRecord>();
  let writing: Promise<void> = Promise.resolve();
  return {
    async add(name: string, pid: number): Promise<void> {
      const identity = await identify(pid);
      if (identity === undefined) return;
      records.set(name, { name, pid, identity });
      writing = writing.then(() => writeFile(recordsPath(folder), JSON.stringify([...records.values()]), { mode: 0o600 }));
      await writing;
    },
    clear: async () => rm(recordsPath(folder), { force: true }),
  };
}

async function isStillThere({ pid, identity }: ProcessRecord): Promise<boolean> {
  return (await identify(pid)) === identity;
}

async function endOne(record: ProcessRecord, clock: Clock): Promise<string> {
  const until = clock.monotonic() + END_BY_THEMSELVES_MS;
  while (clock.monotonic() < until) {
    if (!(await isStillThere(record))) return `${record.name} (${record.pid}) ended by itself`;
    await clock.sleep(LOOK_EVERY_MS);
  }
  if (await isStillThere(record)) process.kill(record.pid, 'SIGKILL');
  return `${record.name} (${record.pid}) was ended`;
}

/** Waits for what an earlier start left running, and ends what does not end by itself. Returns what it met, for people. */
export async function endStragglers(folder: DataFolder, clock: Clock): Promise<readonly string[]> {
  const records = await readRecords(folder);
  const alive = await Promise.all(records.map(async (record) => ((await isStillThere(record)) ? [record] : [])));
  const ended = await Promise.all(alive.flat().map((record) => endOne(record, clock)));
  await rm(recordsPath(folder), { force: true });
  return ended;
}
