import { computeStatusShape } from '@cluster-ai/contracts';
import { text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { printCompute } from './print-compute.ts';

export const computeDisable = defineVerb({
  path: 'compute disable',
  summary: text('Turn the Dask cluster off; accepted tasks wait', 'Desliga o cluster Dask; tarefas aceitas esperam'),
  examples: ['cluster-ai compute disable'],
  output: computeStatusShape,
  run: (context) => context.connect().disableCompute({ signal: context.signal }),
  print: printCompute,
});
