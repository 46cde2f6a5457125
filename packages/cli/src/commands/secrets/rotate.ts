import { secretsStatusShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { text } from '../../output/language.ts';
import { defineVerb, flag } from '../../verb.ts';
import { printStatus } from './print-status.ts';

const texts = {
  retired: text(
    'The earlier master key lies in secrets/retired: backups that were made before need it. Delete it when they are gone.',
    'A chave mestra anterior está em secrets/retired: os backups feitos antes precisam dela. Apague-a quando eles não existirem mais.',
  ),
};

export const secretsRotate = defineVerb({
  path: 'secrets rotate',
  summary: text(
    'Replace the keys that secrets are sealed with; nothing stops meanwhile',
    'Troca as chaves que selam os segredos; nada para enquanto isso',
  ),
  examples: ['cluster-ai secrets rotate', 'cluster-ai secrets rotate --purpose named-secrets', 'cluster-ai secrets rotate --master'],
  flags: {
    master: flag(
      '--master',
      z.boolean().default(false),
      text('The master key instead, which wraps all others', 'Em vez delas a chave mestra, que embrulha todas as outras'),
    ),
    purpose: flag(
      '--purpose <purpose>',
      z.string().optional(),
      text('Only the key for this, as secrets status shows it', 'Só a chave para isto, como secrets status mostra'),
    ),
  },
  output: secretsStatusShape,
  async run(context, _positionals, { master, purpose }) {
    const { terminal, signal } = context;
    const input = { what: master ? ('master' as const) : ('data' as const), ...(purpose === undefined ? {} : { purpose }) };
    const status = await context.connect().rotateSecrets(input, { signal });
    if (master) terminal.progress(terminal.say(texts.retired));
    return status;
  },
  print: printStatus,
});
