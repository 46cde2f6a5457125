import { modelDetailsShape } from '@cluster-ai/contracts';
import { text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { completeModel } from './complete-model.ts';
import { printModel } from './print-model.ts';

export const modelsShow = defineVerb({
  path: 'models show',
  summary: text('Show one model with its versions', 'Mostra um modelo com suas versões'),
  examples: ['cluster-ai models show starter'],
  positionals: [{ name: '<model>', description: text('Its name', 'O nome'), complete: completeModel }],
  output: modelDetailsShape,
  run: (context, [name = '']) => context.connect().getModel(name, { signal: context.signal }),
  print: printModel,
});
