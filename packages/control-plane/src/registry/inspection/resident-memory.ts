import { readFile } from 'node:fs/promises';

const KIB = 1024;

/** What a process holds in memory, in bytes; `undefined` where the system does not tell (only Linux does, in /proc) or it is gone. */
export async function readResidentBytes(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return found === undefined ? undefined : Number(found) * KIB;
}
