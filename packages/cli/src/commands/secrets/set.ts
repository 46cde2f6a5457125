import { secretPurposes, secretShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { fill, text } from '../../output/language.ts';
import { defineVerb, flag } from '../../verb.ts';
import { completeSecret } from './complete-secret.ts';
import { readValue } from './read-value.ts';

const texts = { kept: text('"{name}" is kept.', '"{name}" está guardado.') };

export const secretsSet = defineVerb({
  path: 'secrets set',
  summary: text(
    'Keep a secret, read from standard input or typed unseen',
    'Guarda um segredo, lido da entrada padrão ou digitado às cegas',
  ),
  examples: ['cluster-ai secrets set huggingface.co --purpose registry', 'cluster-ai secrets set mail --purpose mail < password.txt'],
  positionals: [
    {
      name: '<name>',
      description: text('What the configuration calls it', 'Como a configuração o chama'),
      complete: completeSecret,
    },
  ],
  flags: {
    purpose: flag(
      '--purpose <purpose>',
      z.enum(secretPurposes).optional(),
      text(`What it is for: ${secretPurposes.join(', ')}`, `Para que serve: ${secretPurposes.join(', ')}`),
    ),
  },
  output: secretShape,
  async run(context, [name = ''], { purpose }) {
    const value = await readValue(context);
    const input = { value, ...(purpose === undefined ? {} : { purpose }) };
    return context.connect().putSecret(name, input, { signal: context.signal });
  },
  print: ({ terminal }, { name }) => terminal.progress(fill(terminal.say(texts.kept), { name })),
});
