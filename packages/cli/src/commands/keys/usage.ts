import { usageReportShape } from '@cluster-ai/contracts';
import { text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { printUsage } from './print-usage.ts';

export const keysUsage = defineVerb({
  path: 'keys usage',
  summary: text('Show what a key has used, and how much of its limits', 'Mostra o que uma chave usou, e quanto dos limites'),
  examples: ['cluster-ai keys usage k3y1d2ab', 'cluster-ai keys usage k3y1d2ab --json | jq .month.tokens'],
  positionals: [
    {
      name: '<id>',
      description: text('The id, as keys ls shows it', 'O id, como keys ls mostra'),
      complete: async (context) => (await context.connect().listKeys({ signal: context.signal })).map(({ id }) => id),
    },
  ],
  output: usageReportShape,
  run: (context, [id = '']) => context.connect().getKeyUsage(id, { signal: context.signal }),
  print: printUsage,
});
