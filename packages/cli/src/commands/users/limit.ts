import { ClusterError, personShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { fill, text } from '../../output/language.ts';
import { defineVerb, flag } from '../../verb.ts';
import { limitFlags, toLimits } from '../keys/limit-flags.ts';
import { person } from './print-people.ts';

const texts = {
  changed: text('"{name}" may use: {limits}. It takes effect at once.', '"{name}" pode usar: {limits}. Vale imediatamente.'),
  unlimited: text('as much as there is', 'o quanto houver'),
};

export const usersLimit = defineVerb({
  path: 'users limit',
  summary: text(
    'Say how much a person or service account may use, with all keys together; what is not named is not limited',
    'Diz o quanto uma pessoa ou conta de serviço pode usar, com todas as chaves juntas; o que não é citado não tem limite',
  ),
  examples: ['cluster-ai users limit bia --tokens-per-day 200000 --requests-per-minute 60', 'cluster-ai users limit bia --none'],
  positionals: [person],
  flags: {
    ...limitFlags,
    none: flag('--none', z.boolean().default(false), text('Take all limits away', 'Tira todos os limites')),
  },
  output: personShape,
  async run(context, [name = ''], { none, ...given }) {
    const limits = toLimits(given);
    if (none === Object.keys(limits).length > 0)
      throw new ClusterError('invalid_request', 'Name at least one limit, or --none.', { hint: 'See "cluster-ai users limit --help".' });
    return context.connect().updatePerson(name, { limits }, { signal: context.signal });
  },
  print({ terminal }, { name, limits }) {
    const said = Object.entries(limits).map(([limit, value]) => `${limit} ${value}`);
    terminal.data(fill(terminal.say(texts.changed), { name, limits: said.join(', ') || terminal.say(texts.unlimited) }));
  },
});
