import { nodeShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { printNodes } from './print-nodes.ts';

export const nodesLs = defineVerb({
  path: 'nodes ls',
  summary: text('List the machines of the cluster', 'Lista as máquinas do cluster'),
  examples: ['cluster-ai nodes ls', "cluster-ai nodes ls --json | jq -r '.nodes[].name'"],
  output: z.object({ nodes: z.array(nodeShape) }),
  run: async (context) => ({ nodes: [...(await context.connect().listNodes({ signal: context.signal }))] }),
  print: (context, { nodes }) => printNodes(context, nodes),
});
