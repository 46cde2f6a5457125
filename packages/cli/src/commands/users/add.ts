import { createdPersonShape, createPersonShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { fill, text } from '../../output/language.ts';
import { defineVerb, flag } from '../../verb.ts';
import { printLink } from './print-people.ts';
import { roleFlag } from './role-flag.ts';

const texts = {
  added: text(
    'Added "{name}" as {role}. The password is chosen with this link:',
    '"{name}" foi adicionada como {role}. A senha é escolhida com este link:',
  ),
};

export const usersAdd = defineVerb({
  path: 'users add',
  summary: text(
    'Give somebody a login, and the link by which the password is chosen',
    'Dá acesso a uma pessoa, e o link com que ela escolhe a senha',
  ),
  examples: ['cluster-ai users add ana --role admin', "cluster-ai users add bia --json | jq -r '.link.path'"],
  positionals: [{ name: '<name>', description: text('What the person will sign in with', 'Com o que a pessoa vai entrar') }],
  flags: {
    role: roleFlag,
    displayName: flag(
      '--display-name <name>',
      z.string().max(120).default(''),
      text('The name that others see', 'O nome que os outros veem'),
    ),
    email: flag('--email <address>', createPersonShape.shape.email, text('E-mail address', 'Endereço de e-mail')),
  },
  output: createdPersonShape,
  run: (context, [name = ''], { role, displayName, email }) =>
    context.connect().createPerson({ name, role, displayName, email }, { signal: context.signal }),
  print(context, { person, link }) {
    context.terminal.data(fill(context.terminal.say(texts.added), { name: person.name, role: person.role }));
    printLink(context, link);
  },
});
