import { z } from 'zod';
import { confirm } from '../../output/confirm.ts';
import { fill, text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { completeSecret } from './complete-secret.ts';

const texts = {
  question: text(
    'Forget the secret "{name}"? Nobody can bring it back.',
    'Esquecer o segredo "{name}"? Ninguém consegue trazê-lo de volta.',
  ),
  removed: text('"{name}" is forgotten.', '"{name}" foi esquecido.'),
};

export const secretsRm = defineVerb({
  path: 'secrets rm',
  summary: text('Forget a secret', 'Esquece um segredo'),
  examples: ['cluster-ai secrets rm mail', 'cluster-ai secrets rm mail --yes --json'],
  positionals: [{ name: '<name>', description: text('Its name', 'O nome'), complete: completeSecret }],
  output: z.object({ name: z.string(), removed: z.literal(true) }),
  async run(context, [name = '']) {
    await confirm(context, texts.question, { name });
    await context.connect().removeSecret(name, { signal: context.signal });
    return { name, removed: true as const };
  },
  print: ({ terminal }, { name }) => terminal.progress(fill(terminal.say(texts.removed), { name })),
});
