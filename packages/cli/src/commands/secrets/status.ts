import { secretsStatusShape } from '@cluster-ai/contracts';
import { text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { printStatus } from './print-status.ts';

export const secretsStatus = defineVerb({
  path: 'secrets status',
  summary: text('Show the keys that secrets are sealed with', 'Mostra as chaves que selam os segredos'),
  examples: ['cluster-ai secrets status', "cluster-ai secrets status --json | jq '.rotations'"],
  output: secretsStatusShape,
  run: (context) => context.connect().getSecrets({ signal: context.signal }),
  print: printStatus,
});
