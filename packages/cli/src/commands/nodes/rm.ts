import { text } from '../../output/language.ts';
import { defineRemoval, removedById } from '../define-removal.ts';
import { completeNode, findNode } from './find-node.ts';

export const nodesRm = defineRemoval({
  path: 'nodes rm',
  summary: text('Remove a machine from the cluster', 'Remove uma máquina do cluster'),
  examples: ['cluster-ai nodes rm laptop', 'cluster-ai nodes rm laptop --yes --json'],
  positional: { name: '<node>', description: text('Its name or id', 'O nome ou id'), complete: completeNode },
  question: text(
    'Remove "{name}" from the cluster? Its certificate is refused from then on.',
    'Remover "{name}" do cluster? O certificado dela passa a ser recusado.',
  ),
  removed: text('Removed "{name}" ({id}).', '"{name}" ({id}) foi removida.'),
  output: removedById,
  async find(client, wanted, { signal }) {
    const { id, name } = await findNode(client, wanted, signal);
    return { id, name };
  },
  remove: (client, { id }, { signal }) => client.removeNode(id, { signal }),
});
