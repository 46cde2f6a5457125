import { operationShape } from '@cluster-ai/contracts';
import { fill, text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';

const cancelled = text('Cancelled: {what}', 'Cancelada: {what}');

export const operationsCancel = defineVerb({
  path: 'operations cancel',
  summary: text('End long work; what was fetched is kept for a week', 'Encerra um trabalho longo; o que foi baixado fica por uma semana'),
  examples: ['cluster-ai operations cancel operation_01k8…'],
  positionals: [{ name: '<id>', description: text('As operations ls shows it', 'Como operations ls mostra') }],
  output: operationShape,
  run: (context, [id = '']) => context.connect().cancelOperation(id, { signal: context.signal }),
  print: ({ terminal }, { reference }) => terminal.data(fill(terminal.say(cancelled), { what: reference })),
});
