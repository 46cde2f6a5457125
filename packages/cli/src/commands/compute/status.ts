import { computeStatusShape } from '@cluster-ai/contracts';
import { text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { printCompute } from './print-compute.ts';

export const computeStatus = defineVerb({
  path: 'compute status',
  summary: text('Show the Dask cluster: its parts, workers and pools', 'Mostra o cluster Dask: partes, workers e grupos'),
  examples: ['cluster-ai compute status', "cluster-ai compute status --json | jq '.workers | length'"],
  output: computeStatusShape,
  run: (context) => context.connect().getComputeStatus({ signal: context.signal }),
  print: printCompute,
});
