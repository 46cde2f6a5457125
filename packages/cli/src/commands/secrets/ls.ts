import { secretShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { formatAge, printTable } from '../../output/format.ts';
import { text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';

const headings = [text('SECRET', 'SEGREDO'), text('FOR', 'PARA'), text('CHANGED', 'MUDOU'), text('KEY VERSION', 'VERSÃO DA CHAVE')];

export const secretsLs = defineVerb({
  path: 'secrets ls',
  summary: text(
    'List the tokens and passwords of other systems, without their values',
    'Lista os tokens e senhas de outros sistemas, sem os valores',
  ),
  examples: ['cluster-ai secrets ls', "cluster-ai secrets ls --json | jq -r '.secrets[].name'"],
  output: z.object({ secrets: z.array(secretShape) }),
  run: async (context) => ({ secrets: (await context.connect().getSecrets({ signal: context.signal })).secrets }),
  print({ terminal }, { secrets }) {
    const now = Date.now();
    const rows = secrets.map(({ name, purpose, changedAt, keyVersion }) => [
      name,
      purpose,
      formatAge(Date.parse(changedAt), now),
      String(keyVersion),
    ]);
    printTable(terminal, headings.map(terminal.say), rows);
  },
});
