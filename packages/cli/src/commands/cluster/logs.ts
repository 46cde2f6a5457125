import { ClusterError } from '@cluster-ai/contracts';
import { systemClock } from '@cluster-ai/runtime';
import { z } from 'zod';
import { followLogs, listLogFiles, logNameOf, readLines } from '../../local/log-files.ts';
import { text } from '../../output/language.ts';
import type { Terminal } from '../../output/terminal.ts';
import { type Context, defineVerb, flag } from '../../verb.ts';

const lineShape = z.looseObject({ timestamp: z.string(), level: z.string(), process: z.string(), msg: z.string().optional() });
type Line = z.infer<typeof lineShape>;

const styles: Readonly<Record<string, 'red' | 'yellow' | 'dim'>> = {
  error: 'red',
  fatal: 'red',
  warn: 'yellow',
  debug: 'dim',
  trace: 'dim',
};

function parseLine(raw: string): Line | undefined {
  try {
    return lineShape.parse(JSON.parse(raw));
  } catch {
    return undefined; // half a line, left by a process that was killed while it wrote
  }
}

function render(terminal: Terminal, { timestamp, level, process: name, msg, ...fields }: Line): string {
  const time = new Date(timestamp).toLocaleTimeString('en-GB');
  const rest = Object.entries(fields).map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const style = styles[level];
  const shown = style === undefined ? level.padEnd(5) : terminal.style(style, level.padEnd(5));
  return [time, shown, name, msg ?? '', terminal.style('dim', rest.join(' '))].join(' ').trimEnd();
}

function show({ terminal, isJson }: Context, raw: string): void {
  const line = parseLine(raw);
  if (line !== undefined) terminal.data(isJson ? JSON.stringify(line) : render(terminal, line));
}

async function lastLines(folder: string, name: string | undefined, count: number): Promise<readonly string[]> {
  const files = await listLogFiles(folder, name);
  const all = await Promise.all(files.map(async (path) => (await readLines(path, 0)).lines));
  const timeOf = (raw: string) => parseLine(raw)?.timestamp ?? '';
  return all
    .flat()
    .filter((raw) => timeOf(raw) !== '')
    .sort((a, b) => timeOf(a).localeCompare(timeOf(b)))
    .slice(-count);
}

async function checkName({ folder }: Context, name: string | undefined): Promise<void> {
  const names = new Set((await listLogFiles(folder.logs, undefined)).map((path) => logNameOf(path.split(/[\\/]/).at(-1) ?? '')));
  if (name === undefined ? names.size > 0 : names.has(name)) return;
  throw new ClusterError(
    'file_not_found',
    name === undefined ? `There are no logs in ${folder.logs}.` : `There is no log "${name}" in ${folder.logs}.`,
    {
      hint: names.size > 0 ? `There are: ${[...names].join(', ')}` : 'Something must have run in this data folder first: cluster-ai up',
    },
  );
}

export const logs = defineVerb({
  path: 'logs',
  summary: text('Show what the processes of this machine wrote', 'Mostra o que os processos desta máquina registraram'),
  examples: ['cluster-ai logs', 'cluster-ai logs agent --follow', 'cluster-ai logs --json --lines 1000 | jq -c .'],
  positionals: [
    {
      name: '[process]',
      description: text('control-plane, agent, up or join; all when left out', 'control-plane, agent, up ou join; sem nada, todos'),
    },
  ],
  flags: {
    lines: flag(
      '-n, --lines <number>',
      z.coerce.number().pipe(z.int().min(0)).default(100),
      text('How many of the last lines', 'Quantas das últimas linhas'),
    ),
    follow: flag('-f, --follow', z.boolean().default(false), text('Go on until Ctrl-C', 'Continua até o Ctrl-C')),
  },
  output: lineShape,
  outputStyle: 'lines',
  async run(context, [name], { lines, follow }) {
    await checkName(context, name);
    for (const line of lines === 0 ? [] : await lastLines(context.folder.logs, name, lines)) show(context, line);
    if (follow)
      await followLogs({ folder: context.folder.logs, name, clock: systemClock, onLine: (line) => show(context, line) }, context.signal);
    return undefined;
  },
  print: () => {},
});
