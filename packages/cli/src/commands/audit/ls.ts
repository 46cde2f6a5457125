import { type AuditEntry, auditListShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { printTable } from '../../output/format.ts';
import { text } from '../../output/language.ts';
import { toOneLine } from '../../output/one-line.ts';
import { type Context, defineVerb, flag } from '../../verb.ts';
import { filterFlags, toFilter } from './filter-flags.ts';

const headings = [
  text('TIME', 'HORA'),
  text('WHO', 'QUEM'),
  text('WHAT', 'O QUÊ'),
  text('TO WHAT', 'ALVO'),
  text('RESULT', 'RESULTADO'),
  text('FROM', 'DE'),
  text('TIMES', 'VEZES'),
];
const styles = { ok: 'green', denied: 'yellow', failed: 'red' } as const;

const toWho = ({ kind, id, name }: AuditEntry['actor']) =>
  [name || id || kind, ...(kind === 'person' || name === '' ? [] : [`(${kind})`])].join(' ');

function toRow({ terminal }: Context, { at, actor, action, target, result, address, count }: AuditEntry): string[] {
  return [
    at.replace(/\.\d+Z$/, 'Z'),
    toOneLine(toWho(actor)),
    toOneLine(action),
    toOneLine(target) || '-',
    terminal.style(styles[result], result),
    toOneLine(address) || '-',
    String(count),
  ];
}

export const auditLs = defineVerb({
  path: 'audit ls',
  summary: text('List who did what, newest first', 'Lista quem fez o quê, do mais novo ao mais antigo'),
  examples: [
    'cluster-ai audit ls',
    'cluster-ai audit ls --actor Ada --since 7d',
    'cluster-ai audit ls --result denied --limit 200 --json | jq -r ".entries[].address"',
  ],
  flags: {
    ...filterFlags,
    limit: flag(
      '-n, --limit <number>',
      z.coerce.number().pipe(z.int().min(1).max(10_000)).default(50),
      text('How many of the newest', 'Quantas das mais novas'),
    ),
  },
  output: auditListShape,
  async run(context, _positionals, { limit, ...options }) {
    const entries: AuditEntry[] = [];
    let cursor: string | null | undefined;
    do {
      const input = { ...toFilter(options), limit: Math.min(500, limit - entries.length), ...(cursor ? { cursor } : {}) };
      const page = await context.connect().listAudit(input, { signal: context.signal });
      entries.push(...page.entries);
      cursor = page.nextCursor;
    } while (cursor !== null && entries.length < limit);
    return { entries, nextCursor: cursor };
  },
  print: (context, { entries }) =>
    printTable(
      context.terminal,
      headings.map(context.terminal.say),
      entries.map((entry) => toRow(context, entry)),
    ),
});
