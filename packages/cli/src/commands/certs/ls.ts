import { certificateListShape } from '@cluster-ai/contracts';
import { text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { printCertificates } from './print-certificates.ts';

export const certsLs = defineVerb({
  path: 'certs ls',
  summary: text(
    'List the certificates of the authority, the listeners and the nodes',
    'Lista os certificados da autoridade, dos endereços e dos nós',
  ),
  examples: ['cluster-ai certs ls', 'cluster-ai certs ls --json | jq -r \'.certificates[] | select(.condition.state != "ready")\''],
  output: certificateListShape,
  run: async (context) => ({ certificates: [...(await context.connect().listCertificates({ signal: context.signal }))] }),
  print: (context, { certificates }) => printCertificates(context, certificates),
});
