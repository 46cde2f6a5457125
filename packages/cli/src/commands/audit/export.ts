import { auditEntryShape, auditFormats } from '@cluster-ai/contracts';
import { z } from 'zod';
import { text } from '../../output/language.ts';
import { defineVerb, flag } from '../../verb.ts';
import { filterFlags, toFilter } from './filter-flags.ts';

export const auditExport = defineVerb({
  path: 'audit export',
  summary: text('Write the record out, oldest first', 'Exporta o registro, do mais antigo ao mais novo'),
  examples: [
    'cluster-ai audit export > audit.jsonl',
    'cluster-ai audit export --format csv --since 30d > audit.csv',
    'cluster-ai audit export --actor ci | jq .target',
  ],
  flags: {
    ...filterFlags,
    format: flag(
      '--format <format>',
      z.enum(auditFormats).default('jsonl'),
      text('jsonl (one JSON object a line) or csv', 'jsonl (um objeto JSON por linha) ou csv'),
    ),
  },
  output: auditEntryShape,
  outputStyle: 'lines',
  async run(context, _positionals, { format, ...options }) {
    const input = { ...toFilter(options), format: context.isJson ? ('jsonl' as const) : format };
    for await (const piece of context.connect().exportAudit(input, { signal: context.signal })) context.terminal.piece(piece);
    return undefined;
  },
  print: () => {},
});
