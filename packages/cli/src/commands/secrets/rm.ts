import { text } from '../../output/language.ts';
import { defineRemoval, removedByName } from '../define-removal.ts';
import { completeSecret } from './complete-secret.ts';

export const secretsRm = defineRemoval({
  path: 'secrets rm',
  summary: text('Forget a secret', 'Esquece um segredo'),
  examples: ['cluster-ai secrets rm mail', 'cluster-ai secrets rm mail --yes --json'],
  positional: { name: '<name>', description: text('Its name', 'O nome'), complete: completeSecret },
  question: text(
    'Forget the secret "{name}"? Nobody can bring it back.',
    'Esquecer o segredo "{name}"? Ninguém consegue trazê-lo de volta.',
  ),
  removed: text('"{name}" is forgotten.', '"{name}" foi esquecido.'),
  output: removedByName,
  find: async (_client, name) => ({ name }),
  remove: (client, { name }, { signal }) => client.removeSecret(name, { signal }),
});
