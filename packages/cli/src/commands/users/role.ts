import { personShape, roleShape, roles } from '@cluster-ai/contracts';
import { fill, text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { person } from './print-people.ts';

const texts = {
  changed: text('"{name}" is now {role}. It takes effect at once.', '"{name}" agora é {role}. Vale imediatamente.'),
};

export const usersRole = defineVerb({
  path: 'users role',
  summary: text('Change what somebody may do', 'Muda o que uma pessoa pode fazer'),
  examples: ['cluster-ai users role bia operator'],
  positionals: [
    person,
    {
      name: '<role>',
      description: text('The new role', 'O novo papel'),
      choices: [...roles, 'data_scientist'],
      complete: async () => roles,
    },
  ],
  output: personShape,
  run: (context, [name = '', role]) => context.connect().updatePerson(name, { role: roleShape.parse(role) }, { signal: context.signal }),
  print: ({ terminal }, { name, role }) => terminal.data(fill(terminal.say(texts.changed), { name, role })),
});
