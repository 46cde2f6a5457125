import { personShape } from '@cluster-ai/contracts';
import { fill, text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { person } from './print-people.ts';

const texts = {
  disabled: text(
    '"{name}" cannot sign in any more; all sessions have ended.',
    '"{name}" não pode mais entrar; todas as sessões terminaram.',
  ),
  enabled: text('"{name}" can sign in again.', '"{name}" pode entrar de novo.'),
};

export const usersDisable = defineVerb({
  path: 'users disable',
  summary: text('Keep somebody out without forgetting who it was', 'Impede alguém de entrar sem esquecer quem era'),
  examples: ['cluster-ai users disable bia'],
  positionals: [person],
  output: personShape,
  run: (context, [name = '']) => context.connect().updatePerson(name, { state: 'disabled' }, { signal: context.signal }),
  print: ({ terminal }, { name }) => terminal.data(fill(terminal.say(texts.disabled), { name })),
});

export const usersEnable = defineVerb({
  path: 'users enable',
  summary: text('Let somebody in again', 'Deixa alguém entrar de novo'),
  examples: ['cluster-ai users enable bia'],
  positionals: [person],
  output: personShape,
  run: (context, [name = '']) => context.connect().updatePerson(name, { state: 'active' }, { signal: context.signal }),
  print: ({ terminal }, { name }) => terminal.data(fill(terminal.say(texts.enabled), { name })),
});
