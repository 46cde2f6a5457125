import { personShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { printPeople } from './print-people.ts';

export const usersLs = defineVerb({
  path: 'users ls',
  summary: text('List everybody who has a login', 'Lista todas as pessoas que têm acesso'),
  examples: ['cluster-ai users ls', "cluster-ai users ls --json | jq -r '.people[].name'"],
  output: z.object({ people: z.array(personShape) }),
  run: async (context) => ({ people: [...(await context.connect().listPeople({ signal: context.signal }))] }),
  print: (context, { people }) => printPeople(context, people),
});
