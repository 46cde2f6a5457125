import { sentLinkShape } from '@cluster-ai/contracts';
import { confirm } from '../../output/confirm.ts';
import { text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { person, printLink } from './print-people.ts';

const texts = {
  question: text(
    'Take the password and the passkeys of "{name}" away? All sessions end; a link for a new one is printed.',
    'Retirar a senha e as chaves de acesso de "{name}"? Todas as sessões terminam; é impresso um link para uma nova.',
  ),
  link: text('The new password is chosen with this link:', 'A nova senha é escolhida com este link:'),
};

export const usersResetPassword = defineVerb({
  path: 'users reset-password',
  summary: text('Take a password away, and make the link for a new one', 'Retira uma senha e cria o link para uma nova'),
  examples: ['cluster-ai users reset-password bia', 'cluster-ai users reset-password bia --yes --json'],
  positionals: [person],
  output: sentLinkShape,
  async run(context, [name = '']) {
    await confirm(context, texts.question, { name });
    return context.connect().resetPassword(name, { language: context.terminal.language }, { signal: context.signal });
  },
  print(context, link) {
    context.terminal.data(context.terminal.say(texts.link));
    printLink(context, link);
  },
});
