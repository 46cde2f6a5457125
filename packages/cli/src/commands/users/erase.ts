import { erasedPersonShape } from '@cluster-ai/contracts';
import { confirm } from '../../output/confirm.ts';
import { fill, text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { person } from './print-people.ts';

const texts = {
  question: text(
    'Erase "{name}": the login, all chats and keys, and the name in the record? Nothing brings them back, but a backup that was made before.',
    'Apagar "{name}": o acesso, todas as conversas e chaves, e o nome no registro? Nada os traz de volta, a não ser um backup feito antes.',
  ),
  erased: text(
    'Erased. The record of acts knows this person as {id} only. Delete the backups that were made before.',
    'Apagado. O registro só conhece essa pessoa como {id}. Apague os backups feitos antes.',
  ),
};

export const usersErase = defineVerb({
  path: 'users erase',
  summary: text(
    'Forget somebody: login, chats, keys, and the name in the record',
    'Esquece uma pessoa: acesso, conversas, chaves e o nome no registro',
  ),
  examples: ['cluster-ai users erase bia', 'cluster-ai users erase bia --yes --json'],
  positionals: [person],
  output: erasedPersonShape,
  async run(context, [wanted = '']) {
    const client = context.connect();
    const { id, name } = await client.getPerson(wanted, { signal: context.signal });
    await confirm(context, texts.question, { name });
    return client.erasePerson(id, { signal: context.signal });
  },
  print: ({ terminal }, { id }) => terminal.data(fill(terminal.say(texts.erased), { id })),
});
