import { text } from '../../output/language.ts';
import { defineRemoval, removedById } from '../define-removal.ts';
import { person } from './print-people.ts';

export const usersRm = defineRemoval({
  path: 'users rm',
  summary: text('Remove a login', 'Remove um acesso'),
  examples: ['cluster-ai users rm bia', 'cluster-ai users rm bia --yes --json'],
  positional: person,
  question: text('Remove the login of "{name}"? All of its sessions end.', 'Remover o acesso de "{name}"? Todas as sessões terminam.'),
  removed: text('Removed "{name}".', '"{name}" foi removida.'),
  output: removedById,
  async find(client, wanted, { signal }) {
    const { id, name } = await client.getPerson(wanted, { signal });
    return { id, name };
  },
  remove: (client, { id }, { signal }) => client.removePerson(id, { signal }),
});
