import { readFile, statfs } from 'node:fs/promises';
import { cpus, freemem, totalmem } from 'node:os';

/** Processor time since the machine started, in any unit. */
export interface CpuTimes {
  readonly busy: number;
  readonly total: number;
}

export interface MemoryReading {
  readonly usedBytes: number;
  readonly availableBytes: number;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

/** The first line of Linux's `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal; guest time is in user already. */
export function parseProcStat(text: string): CpuTimes | undefined {
  const fields = /^cpu +([\d ]+)/.exec(text)?.[1]?.trim().split(' ').slice(0, 8).map(Number);
  if (!fields || fields.length < 4) return undefined;
  const total = sum(fields);
  return { total, busy: total - (fields[3] ?? 0) - (fields[4] ?? 0) };
}

/** Linux's `/proc/meminfo`, in bytes. */
export function parseMemInfo(text: string): { readonly totalBytes: number; readonly availableBytes: number } | undefined {
  const read = (name: string) => {
    const kibibytes = new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  };
  const totalBytes = read('MemTotal');
  const availableBytes = read('MemAvailable');
  return totalBytes === undefined || availableBytes === undefined ? undefined : { totalBytes, availableBytes };
}

/** How much of what a control group uses is file cache, which gives way. From its `memory.stat`, version 1 or 2. */
export function parseCgroupCache(text: string): number {
  const read = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  return Math.max(read('active_file') + read('inactive_file'), read('total_active_file') + read('total_inactive_file'));
}

const readText = (path: string) => readFile(path, 'utf8').catch(() => undefined);

function readCpuTimesFromNode(): CpuTimes {
  const times = cpus().map((cpu) => cpu.times);
  const idle = sum(times.map((time) => time.idle));
  const total = sum(times.map((time) => time.user + time.nice + time.sys + time.idle + time.irq));
  return { total, busy: total - idle };
}

export async function readCpuTimes(platform: NodeJS.Platform): Promise<CpuTimes> {
  const text = platform === 'linux' ? await readText('/proc/stat') : undefined;
  return (text === undefined ? undefined : parseProcStat(text)) ?? readCpuTimesFromNode();
}

const cgroups = [
  { used: '/sys/fs/cgroup/memory.current', stat: '/sys/fs/cgroup/memory.stat' },
  { used: '/sys/fs/cgroup/memory/memory.usage_in_bytes', stat: '/sys/fs/cgroup/memory/memory.stat' },
];

/** What our control group uses, its cache apart; `undefined` where there is none to be seen. */
async function readCgroupUse(): Promise<number | undefined> {
  for (const { used, stat } of cgroups) {
    const usedBytes = Number(await readText(used));
    if (Number.isFinite(usedBytes) && usedBytes > 0) return Math.max(0, usedBytes - parseCgroupCache((await readText(stat)) ?? ''));
  }
  return undefined;
}

/** The memory that this process may use: the machine's, or less where a control group limits it. */
export function readMemoryLimit(): number {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? limit : totalmem();
}

/** Other systems count free memory each in their own way; the library knows how. It is loaded only there, because it is large. */
async function readMemoryElsewhere(): Promise<MemoryReading> {
  const { mem } = await import('systeminformation');
  const { total, available } = await mem();
  return { usedBytes: total - available, availableBytes: available };
}

async function readMemoryOfMachine(platform: NodeJS.Platform): Promise<MemoryReading> {
  const text = platform === 'linux' || platform === 'android' ? await readText('/proc/meminfo') : undefined;
  const info = text === undefined ? undefined : parseMemInfo(text);
  if (info) return { usedBytes: info.totalBytes - info.availableBytes, availableBytes: info.availableBytes };
  if (platform === 'darwin' || platform === 'win32') return readMemoryElsewhere();
  return { usedBytes: totalmem() - freemem(), availableBytes: freemem() };
}

export async function readMemory(platform: NodeJS.Platform): Promise<MemoryReading> {
  const machine = await readMemoryOfMachine(platform);
  const limit = readMemoryLimit();
  if (limit === totalmem()) return machine;
  const usedBytes = (await readCgroupUse()) ?? process.memoryUsage.rss();
  return { usedBytes, availableBytes: Math.max(0, Math.min(machine.availableBytes, limit - usedBytes)) };
}

export async function readDisk(folder: string): Promise<{ readonly totalBytes: number; readonly freeBytes: number }> {
  const { bsize, blocks, bavail } = await statfs(folder);
  return { totalBytes: bsize * blocks, freeBytes: bsize * bavail };
}

/** For people: `Debian GNU/Linux 12 (bookworm)`. */
export async function readOsName(fallback: string): Promise<string> {
  const release = (await readText('/etc/os-release')) ?? '';
  return /^PRETTY_NAME="?([^"\n]{1,100})"?$/m.exec(release)?.[1] ?? fallback;
}
