/*
 * Writes what the benchmarks left in .cache/bench into docs/benchmarks.md: which commit, which command, the medians and ratios, and every
 * raw round. Nobody writes numbers into that file by hand.
 *
 *   node bench/report/write-report.ts
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const results = join(root, '.cache/bench');

/** What each benchmark writes with `--out`. Further keys are its own. */
interface Result {
  readonly benchmark: string;
  readonly title?: string;
  readonly commit?: string;
  readonly command?: string;
  readonly takenAt?: string;
  readonly machine?: Readonly<Record<string, unknown>>;
  readonly notes?: readonly string[];
  readonly ratios?: readonly Readonly<Record<string, unknown>>[];
  readonly summary?: readonly Readonly<Record<string, unknown>>[];
  readonly measurements?: readonly Readonly<Record<string, unknown>>[];
}

const show = (value: unknown) =>
  typeof value === 'number'
    ? String(Math.round(value * 1000) / 1000)
    : value === undefined || value === null
      ? ''
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value);

function toTable(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map((row) => line(columns.map((column) => show(row[column]))))].join('\n');
}

function toSection(result: Result): string {
  const { benchmark, title, commit, command, takenAt, machine, notes = [], ratios = [], summary = [], measurements = [] } = result;
  return [
    `## ${title ?? benchmark}`,
    '',
    `Command: \`${command ?? `npm run bench -- ${benchmark}`}\`. Commit: ${commit ?? 'unknown'}. Taken: ${takenAt ?? 'unknown'}.${
      machine
        ? ` Machine: ${Object.entries(machine)
            .map(([key, value]) => `${key} ${show(value)}`)
            .join(', ')}.`
        : ''
    }`,
    '',
    ...notes.map((note) => `- ${note}`),
    ...(notes.length > 0 ? [''] : []),
    ...(ratios.length > 0 ? [toTable(ratios), ''] : []),
    ...(summary.length > 0 ? [toTable(summary), ''] : []),
    ...(measurements.length > 0 ? ['<details><summary>Raw rounds</summary>', '', toTable(measurements), '', '</details>', ''] : []),
  ].join('\n');
}

const report = join(root, 'docs/benchmarks.md');
const titleOf = (section: string) => section.slice(0, section.indexOf('\n'));

/** By title. What was measured elsewhere or earlier stays, with its commit, until it is measured again here. */
function readSections(): Map<string, string> {
  const earlier = readFileSync(report, 'utf8')
    .split(/^(?=## )/m)
    .slice(1);
  return new Map(earlier.map((section) => [titleOf(section), section]));
}

const files = readdirSync(results)
  .filter((name) => name.endsWith('.json'))
  .sort();
const sections = readSections();
for (const name of files) {
  const section = toSection(JSON.parse(readFileSync(join(results, name), 'utf8')) as Result);
  sections.set(titleOf(section), section);
}
const head = `# Benchmarks

Written by \`npm run bench\`; not by hand. Ratios are medians of the ratios within each round, peers alternated in the same run,
because the machine is shared and noisy: read the ratios, not the absolute numbers. Each section says of which commit it is.
`;
const body = [...sections.values()].map((section) => `${section.trimEnd()}\n`).join('\n');
writeFileSync(report, `${head}\n${body}`);
console.log(`docs/benchmarks.md: ${files.length} of ${sections.size} sections are new`);
