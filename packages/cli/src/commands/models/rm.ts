import { text } from '../../output/language.ts';
import { defineRemoval, removedByName } from '../define-removal.ts';
import { completeModel } from './complete-model.ts';

export const modelsRm = defineRemoval({
  path: 'models rm',
  summary: text('Remove a model with all its versions', 'Remove um modelo com todas as versões'),
  examples: ['cluster-ai models rm tiny', 'cluster-ai models rm tiny --yes'],
  positional: { name: '<model>', description: text('Its name', 'O nome'), complete: completeModel },
  question: text('Remove the model "{name}" with all its versions?', 'Remover o modelo "{name}" com todas as versões?'),
  removed: text('Removed "{name}".', '"{name}" foi removido.'),
  output: removedByName,
  async find(client, name, { signal }) {
    await client.getModel(name, { signal });
    return { name };
  },
  remove: (client, { name }, { signal }) => client.removeModel(name, { signal }),
});
