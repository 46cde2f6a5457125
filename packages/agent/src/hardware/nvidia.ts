import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { HardwareFacts, NodeMetrics } from '@cluster-ai/contracts';

type GpuFacts = HardwareFacts['gpus'][number];
type GpuLoad = NodeMetrics['gpus'][number];

const MEBIBYTE = 1024 * 1024;
const MAX_GPUS = 64;
const MAX_LINE = 4096;
const FACTS_TIMEOUT_MS = 3000;
const SAMPLE_EVERY_SECONDS = 2;
const csv = '--format=csv,noheader,nounits';

const toNumber = (text: string | undefined) => {
  const number = Number(text?.trim() || Number.NaN);
  return Number.isFinite(number) && number >= 0 ? number : undefined;
};

// what a program prints is shown to people: no escape sequences, no novels
const toName = (text: string) =>
  text
    .replace(/[^\x20-\x7e]/g, '')
    .trim()
    .slice(0, 100);

/** `NVIDIA H100 80GB HBM3, 81559, 550.54.15` → facts. Lines of another form are left out. */
export function parseGpuFacts(output: string): GpuFacts[] {
  return output
    .split('\n')
    .slice(0, MAX_GPUS)
    .flatMap((line) => {
      const [name = '', memory, driver = ''] = line.slice(0, MAX_LINE).split(',');
      const mebibytes = toNumber(memory);
      if (mebibytes === undefined || toName(name) === '') return [];
      return [{ name: toName(name), memoryBytes: Math.round(mebibytes * MEBIBYTE), driver: toName(driver) }];
    });
}

/** `0, 37, 1024, 54` → which GPU, and how busy. `undefined` for a line of another form; a value that the GPU does not tell counts as 0. */
export function parseGpuLoad(line: string): { readonly index: number; readonly load: GpuLoad } | undefined {
  const [index, utilization, memory, temperature] = line.slice(0, MAX_LINE).split(',').map(toNumber);
  if (index === undefined || !Number.isInteger(index) || index >= MAX_GPUS) return undefined;
  return {
    index,
    load: {
      utilization: Math.min(1, (utilization ?? 0) / 100),
      memoryUsedBytes: Math.round((memory ?? 0) * MEBIBYTE),
      temperatureCelsius: temperature ?? null,
    },
  };
}

/** The GPUs that NVIDIA's own tool knows; none where there is no such tool, or where it hangs. */
export async function readGpuFacts(signal: AbortSignal): Promise<GpuFacts[]> {
  const query = ['--query-gpu=name,memory.total,driver_version', csv];
  try {
    const { stdout } = await promisify(execFile)('nvidia-smi', query, { timeout: FACTS_TIMEOUT_MS, maxBuffer: 64 * 1024, signal });
    return parseGpuFacts(stdout);
  } catch {
    return []; // not installed, no driver or no answer: this machine has no GPU that we could use
  }
}

/**
 * Follows the load of the GPUs through one long-lived process: starting the tool for each sample would cost more than all the rest of
 * the agent. Ends with the signal; a killed agent's pipe ends it too.
 */
export function followGpuLoad(gpuCount: number, signal: AbortSignal): () => readonly GpuLoad[] {
  const loads: GpuLoad[] = Array.from({ length: gpuCount }, () => ({ utilization: 0, memoryUsedBytes: 0, temperatureCelsius: null }));
  if (gpuCount === 0 || signal.aborted) return () => loads;
  const query = ['--query-gpu=index,utilization.gpu,memory.used,temperature.gpu', csv, '-l', String(SAMPLE_EVERY_SECONDS)];
  const child = spawn('nvidia-smi', query, { stdio: ['ignore', 'pipe', 'ignore'], signal });
  child.on('error', () => {}); // also the signal's doing; the last numbers stay
  createInterface({ input: child.stdout }).on('line', (line) => {
    const parsed = parseGpuLoad(line);
    if (parsed && parsed.index < gpuCount) loads[parsed.index] = parsed.load;
  });
  return () => loads;
}
