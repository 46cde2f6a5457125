import { createdPersonShape, createPersonShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { fill, text } from '../../output/language.ts';
import { defineVerb, flag } from '../../verb.ts';
import { printLink } from './print-people.ts';
import { roleFlag } from './role-flag.ts';

const texts = {
  service: text(
    'Added the service account "{name}" as {role}. Make a key for it: cluster-ai keys create NAME --owner {name}',
    'A conta de serviço "{name}" foi adicionada como {role}. Crie uma chave para ela: cluster-ai keys create NOME --owner {name}',
  ),
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
  examples: [
    'cluster-ai users add ana --role admin',
    'cluster-ai users add ci --service',
    "cluster-ai users add bia --json | jq -r '.link.path'",
  ],
  positionals: [{ name: '<name>', description: text('What the person will sign in with', 'Com o que a pessoa vai entrar') }],
  flags: {
    role: roleFlag,
    service: flag(
      '--service',
      z.boolean().default(false),
      text(
        'An account for programs: it gets keys, and nobody signs in with it',
        'Uma conta para programas: recebe chaves, e ninguém entra com ela',
      ),
    ),
    displayName: flag(
      '--display-name <name>',
      z.string().max(120).default(''),
      text('The name that others see', 'O nome que os outros veem'),
    ),
    email: flag('--email <address>', createPersonShape.shape.email, text('E-mail address', 'Endereço de e-mail')),
  },
  output: createdPersonShape.extend({ link: createdPersonShape.shape.link.nullable() }),
  async run(context, [name = ''], { role, service, displayName, email }) {
    const options = { signal: context.signal };
    const { language } = context.terminal;
    if (!service) return context.connect().createPerson({ name, role, displayName, email, language }, options);
    return { person: await context.connect().createServiceAccount({ name, role, displayName }, options), link: null };
  },
  print(context, { person, link }) {
    const { terminal } = context;
    terminal.data(fill(terminal.say(link === null ? texts.service : texts.added), { name: person.name, role: person.role }));
    if (link !== null) printLink(context, link);
  },
});
