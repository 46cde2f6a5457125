import { z } from 'zod';
import { confirm } from '../../output/confirm.ts';
import { fill, text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { person } from './print-people.ts';

const texts = {
  question: text('Remove the login of "{name}"? All of its sessions end.', 'Remover o acesso de "{name}"? Todas as sessões terminam.'),
  removed: text('Removed "{name}".', '"{name}" foi removida.'),
};

export const usersRm = defineVerb({
  path: 'users rm',
  summary: text('Remove a login', 'Remove um acesso'),
  examples: ['cluster-ai users rm bia', 'cluster-ai users rm bia --yes --json'],
  positionals: [person],
  output: z.object({ id: z.string(), name: z.string(), removed: z.literal(true) }),
  async run(context, [wanted = '']) {
    const client = context.connect();
    const { id, name } = await client.getPerson(wanted, { signal: context.signal });
    await confirm(context, texts.question, { name });
    await client.removePerson(id, { signal: context.signal });
    return { id, name, removed: true as const };
  },
  print: ({ terminal }, value) => terminal.data(fill(terminal.say(texts.removed), { name: value.name })),
});
