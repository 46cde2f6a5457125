import { usageReportShape } from '@cluster-ai/contracts';
import { text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { printUsage } from '../keys/print-usage.ts';
import { person } from './print-people.ts';

export const usersUsage = defineVerb({
  path: 'users usage',
  summary: text(
    'Show what somebody has used with all keys, and how much of the limits',
    'Mostra o que uma pessoa usou com todas as chaves, e quanto dos limites',
  ),
  examples: ['cluster-ai users usage bia', 'cluster-ai users usage ci --json | jq .ever.tokens'],
  positionals: [person],
  output: usageReportShape,
  run: (context, [name = '']) => context.connect().getPersonUsage(name, { signal: context.signal }),
  print: printUsage,
});
