import type { HardwareFacts } from '@cluster-ai/contracts';
import Table from 'cli-table3';
import type { Terminal } from './terminal.ts';

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** "7.4 GiB": what people compare with the label on their machine. */
export function formatBytes(bytes: number): string {
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

export const formatPercent = (fraction: number): string => `${Math.round(fraction * 100)} %`;

/** "3 s", "12 min", "5 h", "2 d": how long ago, roughly. */
export function formatAge(sinceMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - sinceMs) / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

/** One line about a machine. */
export function formatHardware({ cpuModel, cpuCores, memoryBytes, gpus, osName }: HardwareFacts): string {
  const gpu = gpus.map(({ name, memoryBytes: bytes }) => `${name} (${formatBytes(bytes)})`).join(', ');
  return [`${cpuModel} × ${cpuCores}`, formatBytes(memoryBytes), gpu || 'no GPU', osName].join(' · ');
}

// borders help nobody who copies or greps; columns are told apart by space
const noBorders = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
  ].map((name) => [name, '']),
);

/** Prints rows under headings, one line each. */
export function printTable(terminal: Terminal, headings: readonly string[], rows: readonly (readonly string[])[]): void {
  const table = new Table({
    head: headings.map((heading) => terminal.style('bold', heading)),
    chars: { ...noBorders, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
  });
  for (const row of rows) table.push([...row]);
  for (const line of table.toString().split('\n')) terminal.data(line.trimEnd());
}
