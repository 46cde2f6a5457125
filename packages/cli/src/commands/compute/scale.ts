import { ClusterError, computeStatusShape, poolNameShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { text } from '../../output/language.ts';
import { defineVerb, flag } from '../../verb.ts';
import { printCompute } from './print-compute.ts';

const count = z.coerce.number().pipe(z.int().min(0).max(1000)).optional();

export const computeScale = defineVerb({
  path: 'compute scale',
  summary: text('Say how many workers a pool has at least and at most', 'Define quantos workers um grupo tem no mínimo e no máximo'),
  examples: ['cluster-ai compute scale --pool cpu --min 1 --max 8'],
  flags: {
    pool: flag('--pool <name>', poolNameShape.default('cpu'), text('cpu, gpu or phone', 'cpu, gpu ou phone')),
    min: flag('--min <number>', count, text('At least so many', 'No mínimo tantos')),
    max: flag('--max <number>', count, text('At most so many', 'No máximo tantos')),
  },
  output: computeStatusShape,
  async run(context, _positionals, { pool, min, max }) {
    if (min === undefined && max === undefined)
      throw new ClusterError('invalid_request', 'Neither --min nor --max is given.', { hint: 'See "cluster-ai compute scale --help".' });
    const limits = { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
    return context.connect().scaleCompute({ pool, ...limits }, { signal: context.signal });
  },
  print: printCompute,
});
