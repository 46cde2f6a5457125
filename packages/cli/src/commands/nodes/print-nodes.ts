import type { Node } from '@cluster-ai/contracts';
import { formatAge, formatBytes, formatPercent, printTable } from '../../output/format.ts';
import { text } from '../../output/language.ts';
import { showCondition } from '../../output/show-condition.ts';
import type { Context } from '../../verb.ts';

const headings = [
  text('NODE', 'NÓ'),
  text('STATE', 'ESTADO'),
  text('CPU', 'CPU'),
  text('MEMORY', 'MEMÓRIA'),
  text('GPU', 'GPU'),
  text('MODELS', 'MODELOS'),
  text('SEEN', 'VISTO'),
  text('ID', 'ID'),
];

function toRow({ terminal }: Context, { name, condition, metrics, hardware, replicas, lastSeenAt, id }: Node, nowMs: number): string[] {
  return [
    name,
    showCondition(terminal, condition),
    metrics === null ? '-' : `${formatPercent(metrics.cpuUtilization)} / ${hardware?.cpuCores ?? '?'}`,
    metrics === null ? '-' : `${formatBytes(metrics.memoryUsedBytes)} / ${hardware === null ? '?' : formatBytes(hardware.memoryBytes)}`,
    hardware?.gpus.map((gpu) => gpu.name).join(', ') || '-',
    replicas.map(({ model }) => model).join(', ') || '-',
    lastSeenAt === null ? '-' : formatAge(Date.parse(lastSeenAt), nowMs),
    id,
  ];
}

export function printNodes(context: Context, nodes: readonly Node[]): void {
  const rows = nodes.map((node) => toRow(context, node, Date.now()));
  printTable(context.terminal, headings.map(context.terminal.say), rows);
}
