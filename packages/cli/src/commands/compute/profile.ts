import { computeProfileShape, computeStatusShape } from '@cluster-ai/contracts';
import { text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { printCompute } from './print-compute.ts';

export const computeProfile = defineVerb({
  path: 'compute profile',
  summary: text(
    'Choose between safe memory (default) and many tiny tasks (fast)',
    'Escolhe entre memória segura (default) e muitas tarefas minúsculas (fast)',
  ),
  examples: ['cluster-ai compute profile fast'],
  positionals: [{ name: '<profile>', description: text('default or fast', 'default ou fast'), choices: computeProfileShape.options }],
  output: computeStatusShape,
  run: (context, [profile]) => context.connect().setComputeProfile(computeProfileShape.parse(profile), { signal: context.signal }),
  print: printCompute,
});
