import { nodeShape } from '@cluster-ai/contracts';
import { fill, text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { completeNode, findNode } from './find-node.ts';

const approved = text('"{name}" ({id}) may work for the cluster.', '"{name}" ({id}) pode trabalhar para o cluster.');

export const nodesApprove = defineVerb({
  path: 'nodes approve',
  summary: text('Let a machine that joined work for the cluster', 'Deixa uma máquina que entrou trabalhar para o cluster'),
  examples: ['cluster-ai nodes approve laptop'],
  positionals: [{ name: '<node>', description: text('Its name or id', 'O nome ou id'), complete: completeNode }],
  output: nodeShape,
  async run(context, [wanted = '']) {
    const client = context.connect();
    const { id } = await findNode(client, wanted, context.signal);
    return client.approveNode(id, { signal: context.signal });
  },
  print: ({ terminal }, { id, name }) => terminal.data(fill(terminal.say(approved), { id, name })),
});
