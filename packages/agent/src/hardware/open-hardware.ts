import { arch, availableParallelism, cpus, hostname, platform, release, type } from 'node:os';
import type { HardwareFacts } from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import type { Hardware } from './hardware.ts';
import { followGpuLoad, readGpuFacts } from './nvidia.ts';
import { type CpuTimes, readCpuTimes, readDisk, readMemory, readMemoryLimit, readOsName } from './readings.ts';

export interface HardwareDeps {
  /** The disk that holds it is the one that is watched. */
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly log: Logger;
}

type Sample = ReturnType<Hardware['metrics']>;

const SAMPLE_EVERY_MS = 2000;

async function readFacts(dataFolder: string, signal: AbortSignal): Promise<HardwareFacts> {
  const [gpus, disk, osName] = await Promise.all([readGpuFacts(signal), readDisk(dataFolder), readOsName(`${type()} ${release()}`)]);
  return {
    hostname: hostname(),
    platform: platform(),
    arch: arch(),
    osName,
    cpuModel: cpus()[0]?.model.trim() || 'unknown',
    cpuCores: availableParallelism(),
    memoryBytes: readMemoryLimit(),
    gpus,
    diskTotalBytes: disk.totalBytes,
  };
}

export function toUtilization(before: CpuTimes, after: CpuTimes): number {
  const total = after.total - before.total;
  return total <= 0 ? 0 : Math.min(1, Math.max(0, (after.busy - before.busy) / total));
}

/** Reads what this machine is, and from then on every two seconds how busy it is, until the signal aborts. */
export async function openHardware({ dataFolder, clock, log }: HardwareDeps, signal: AbortSignal): Promise<Hardware> {
  const facts = await readFacts(dataFolder, signal);
  const gpuLoads = followGpuLoad(facts.gpus.length, signal);
  let lastTimes: CpuTimes = { busy: 0, total: 0 }; // the first sample is the mean since the machine started

  const takeSample = async (): Promise<Sample> => {
    const [times, memory, disk] = await Promise.all([readCpuTimes(process.platform), readMemory(process.platform), readDisk(dataFolder)]);
    const cpuUtilization = toUtilization(lastTimes, times);
    lastTimes = times;
    return {
      cpuUtilization,
      memoryUsedBytes: memory.usedBytes,
      memoryAvailableBytes: memory.availableBytes,
      diskFreeBytes: disk.freeBytes,
      gpus: gpuLoads().map((load) => ({ ...load })),
      agentMemoryBytes: process.memoryUsage.rss(),
    };
  };

  let sample = await takeSample();
  const keepSampling = async () => {
    while (!signal.aborted) {
      await clock.sleep(SAMPLE_EVERY_MS, signal).catch(() => {});
      if (signal.aborted) return;
      try {
        sample = await takeSample();
      } catch (error) {
        log.warn({ error: String(error) }, 'The load of this machine could not be read');
      }
    }
  };
  void keepSampling();
  return { facts, metrics: () => sample };
}
