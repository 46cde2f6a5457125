import { certificateListShape } from '@cluster-ai/contracts';
import { text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { printCertificates } from './print-certificates.ts';

export const certsRenew = defineVerb({
  path: 'certs renew',
  summary: text(
    'Renew what the listeners show, now; nodes renew theirs by themselves',
    'Renova agora o que os endereços mostram; os nós renovam os seus sozinhos',
  ),
  examples: ['cluster-ai certs renew', 'cluster-ai certs renew --json'],
  output: certificateListShape,
  run: async (context) => ({ certificates: [...(await context.connect().renewCertificates({ signal: context.signal }))] }),
  print: (context, { certificates }) =>
    printCertificates(
      context,
      certificates.filter(({ purpose }) => purpose === 'listener'),
    ),
});
